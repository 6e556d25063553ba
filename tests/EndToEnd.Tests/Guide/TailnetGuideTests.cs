using GrpcCa.EndToEnd.Tests.Durability.Disks;

namespace GrpcCa.EndToEnd.Tests.Guide;

/// <summary>The commands of docs/tailnet.md, typed as they stand there, in namespaces with a tailnet's addresses, names and a trust store of their own.</summary>
[Collection(MountedDisk.Collection)]
public sealed class TailnetGuideTests
{
    // The hosts file stands for MagicDNS. The machine's own trust store is never changed. GRPCCA_SERVER is exported first: it is the CLI's alone.
    private const string Machine = """
        set -eu
        ip link set lo up
        ip addr add 100.64.0.1/32 dev lo
        ip addr add 100.64.0.5/32 dev lo
        printf '127.0.0.1 localhost\n100.64.0.1 ca.net.gq\n100.64.0.5 nas.net.gq\n' > hosts
        mount --bind hosts /etc/hosts
        mount -t tmpfs tmpfs /usr/local/share/ca-certificates
        mkdir certs
        cp -a /etc/ssl/certs/. certs
        mount --bind certs /etc/ssl/certs
        export GRPCCA_SERVER=unix:$PWD/.grpcca/admin.sock
        sh -e step0 > run.out 2> run.err & first=$!
        trap 'kill -TERM $first 2>/dev/null; wait $first' EXIT
        until grep -qx ready run.out; do kill -0 $first || { cat run.err; exit 1; }; sleep 0.2; done
        sh -e step1
        tries=0
        until curl -fsS --cacert .grpcca/root.crt https://ca.net.gq/acme/nixos/directory > directory; do
          tries=$((tries + 1)); [ $tries -lt 120 ] || exit 1; sleep 0.5
        done
        sh -e step2
        sh -e step3
        openssl verify -untrusted lego/certificates/nas.net.gq.issuer.crt lego/certificates/nas.net.gq.crt
        """;

    [Fact]
    [Trait("Long", "true")]
    public async Task ATailnet_AsTheGuideSays_HasHttps()
    {
        using var home = new TemporaryDirectory();
        var guide = await File.ReadAllTextAsync(SourceTree.At("docs", "tailnet.md"));
        var steps = guide.Split("```sh\n").Skip(1).Select(block => block[..block.IndexOf("```", StringComparison.Ordinal)]).ToList();
        Assert.Equal(4, steps.Count);
        foreach (var command in new[] { "run", "grpcca" })
        {
            await File.WriteAllTextAsync(home.At(command), $"#!/bin/sh\nexec {SourceTree.At(command)} \"$@\"\n");
            File.SetUnixFileMode(home.At(command), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        await File.WriteAllTextAsync(home.At("step0"), "exec " + steps[0]);
        for (var i = 1; i < steps.Count; i++) await File.WriteAllTextAsync(home.At($"step{i}"), steps[i]);

        var run = await ProgramRun.OfAsync("unshare", ["--net", "--mount", "--map-root-user", "sh", "-c", Machine], home.Path);

        Assert.True(run.ExitCode == 0, run.Said);
        Assert.Contains("1 added, 0 removed", run.Output);
        Assert.Contains("nas.net.gq.crt: OK", run.Output);
        // The fingerprint a person compares is the one that ./run printed.
        var printed = (await File.ReadAllLinesAsync(home.At("run.out"))).Single(l => l.StartsWith("fingerprint: ", StringComparison.Ordinal))["fingerprint: ".Length..];
        Assert.Contains(printed, run.Output.Replace(":", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
    }
}
