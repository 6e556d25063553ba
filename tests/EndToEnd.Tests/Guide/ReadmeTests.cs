namespace GrpcCa.EndToEnd.Tests.Guide;

/// <summary>The README's five minutes, typed as they stand there, on ports of their own.</summary>
public sealed class ReadmeTests
{
    // A network namespace has its own loopback: the guide's ports are free in it, whatever else runs on the machine.
    private const string TwoTerminals = """
        set -eu
        ip link set lo up
        sh -e first > first.out 2> first.err & first=$!
        trap 'kill -TERM $first 2>/dev/null; wait $first' EXIT
        until grep -qx ready first.out; do kill -0 $first || { cat first.err; exit 1; }; sleep 0.2; done
        sh -e second
        """;

    [Fact]
    public async Task OneHostWithCertbot_AsTheReadmeSays_Works()
    {
        using var home = new TemporaryDirectory();
        var guide = Blocks(await File.ReadAllTextAsync(SourceTree.At("README.md")), "## Five minutes");
        Assert.Equal(2, guide.Count);
        // The guide is typed in the source tree; here its commands lead there, and what it makes stays in the test's directory.
        foreach (var command in new[] { "run", "grpcca" })
        {
            await File.WriteAllTextAsync(home.At(command), $"#!/bin/sh\nexec {SourceTree.At(command)} \"$@\"\n");
            File.SetUnixFileMode(home.At(command), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        await File.WriteAllTextAsync(home.At("first"), "exec " + guide[0]);
        await File.WriteAllTextAsync(home.At("second"), guide[1]);

        var run = await ProgramRun.OfAsync("unshare", ["--net", "--map-root-user", "sh", "-c", TwoTerminals], home.Path, within: TimeSpan.FromMinutes(5));

        Assert.True(run.ExitCode == 0, run.Said);
        Assert.Contains("Congratulations, all renewals succeeded", run.Said);
        Assert.Contains("nas.localhost", run.Output);
    }

    private static List<string> Blocks(string text, string heading)
    {
        var section = text[text.IndexOf(heading, StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", heading.Length, StringComparison.Ordinal)];
        return [.. section.Split("```sh\n").Skip(1).Select(block => block[..block.IndexOf("```", StringComparison.Ordinal)])];
    }
}
