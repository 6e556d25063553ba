using System.Text.Json.Nodes;

namespace GrpcCa.EndToEnd.Tests.Guide;

/// <summary>The commands of docs/provisioners.md, typed as they stand there, against what <c>./run</c> starts.</summary>
[Trait("Long", "true")]
public sealed class ProvisionerGuideTests
{
    [Fact]
    public async Task Commands_OfTheGuide_Work()
    {
        await using var instance = await RunningInstance.StartAsync();
        using var home = new TemporaryDirectory();
        var guide = await File.ReadAllTextAsync(SourceTree.At("docs", "provisioners.md"));
        var steps = guide.Split("```sh\n").Skip(1).Select(block => block[..block.IndexOf("```", StringComparison.Ordinal)]).ToList();
        Assert.Equal(5, steps.Count);
        // What a reader has: another authority with a host's certificate.
        await ShAsync(home, """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -subj /CN=fleet -out fleet-root.crt -days 30
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout host.key -subj /CN=host -out host.csr
            printf 'subjectAltName=DNS:host.net.gq\nextendedKeyUsage=clientAuth\n' > host.ext
            openssl x509 -req -in host.csr -CA fleet-root.crt -CAkey root.key -CAcreateserial -days 7 -extfile host.ext -out host-chain.crt
            """);
        var variables = new Dictionary<string, string> { ["GRPCCA_SERVER"] = instance.AdminServer };
        await ShAsync(home, $"mkdir bin && printf '#!/bin/sh\\nexec {SourceTree.At("grpcca")} \"$@\"\\n' > bin/grpcca && chmod +x bin/grpcca");

        foreach (var step in steps) await ShAsync(home, "PATH=$PWD/bin:$PATH\n" + step, variables);

        await ShAsync(home, $"openssl verify -x509_strict -CAfile {instance.RootFile} -untrusted web.ci.test.crt web.ci.test.crt");
        await ShAsync(home, "openssl x509 -in web.ci.test.crt -noout -pubkey > a; openssl pkey -in web.ci.test.key -pubout > b; cmp a b");
        var listed = JsonNode.Parse((await instance.AdminAsync("certificate", "list", "--name", "web.ci.test", "--output", "json")).Output)!["certificates"]!.AsArray();
        Assert.Equal(["provisioners/renew", "provisioners/renew", ""], listed.Select(c => c!["renewedThrough"]!.GetValue<string>()));
        Assert.All(listed, c => Assert.Equal("provisioners/ci", c!["provisioner"]!.GetValue<string>()));
        // The token of the last step is good for the foreign certificate's name once it is allowed; from afar, by the fingerprint alone.
        await ShAsync(home, "PATH=$PWD/bin:$PATH; grpcca names allow exact:host.net.gq --provisioner fleet", variables);
        var shown = JsonNode.Parse((await instance.AdminAsync("authority", "show", "identity", "--output", "json")).Output)!;
        var fingerprint = shown["rootSha256"]!.GetValue<string>();
        await ShAsync(home, $"""
            PATH=$PWD/bin:$PATH
            export XDG_CONFIG_HOME=$PWD/nobody
            grpcca token create host.net.gq --provisioner fleet --key host.key --certificate host-chain.crt > host.token
            grpcca certificate create host.net.gq --provisioner fleet --x5c-token-file host.token --key host2.key --server 127.0.0.1:{instance.Options.GrpcPort} --trust {fingerprint}
            grpcca certificate create host.net.gq --provisioner fleet --x5c-token-file host.token --force --server 127.0.0.1:{instance.Options.GrpcPort} --trust {fingerprint} 2> again && exit 1
            grep -q 'was used before' again
            test ! -e host.net.gq.key
            grpcca certificate list --server 127.0.0.1:{instance.Options.GrpcPort} 2> nobody.out && exit 1
            grpcca certificate create a.net.gq --provisioner fleet --token-file host.token --server 127.0.0.1:{instance.Options.GrpcPort} --trust {new string('0', 64)} 2> other && exit 1
            grep -q 'fingerprint' other
            """);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(home.At("host2.key")));
        instance.AssertLogsWithoutStacks();
    }

    private static async Task ShAsync(TemporaryDirectory home, string script, IReadOnlyDictionary<string, string>? variables = null)
    {
        var run = await ProgramRun.OfAsync("sh", ["-euc", script], home.Path, variables);
        Assert.True(run.ExitCode == 0, script + "\n" + run.Said);
    }
}
