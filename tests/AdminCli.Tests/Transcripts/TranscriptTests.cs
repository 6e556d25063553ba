using System.Runtime.CompilerServices;
using System.Text;

namespace GrpcCa.AdminCli.Tests.Transcripts;

/// <summary>
/// Each file here is a session that anyone can read: <c>$</c> a command, its output as it is, <c>!</c> a line on
/// standard error, <c>?</c> the exit code. With GRPCCA_WRITE_TRANSCRIPTS=1 the files are written anew and the test
/// fails, so that the change is looked at.
/// </summary>
public sealed class TranscriptTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder(), "*.txt").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Session_AgainstTheFake_PrintsWhatIsWritten(string file)
    {
        var path = Path.Combine(Folder(), file);
        var expected = await File.ReadAllTextAsync(path);
        await using var fake = await FakeControlPlane.StartAsync();
        var actual = new StringBuilder();
        foreach (var command in expected.Split('\n').Where(l => l.StartsWith("$ grpcca", StringComparison.Ordinal)))
        {
            var run = await new Cli(fake).RunAsync(command["$ grpcca".Length..]);
            actual.Append(command).Append('\n').Append(run.Out);
            if (run.Error.Length > 0)
                foreach (var line in run.Error.TrimEnd('\n').Split('\n')) actual.Append("! ").Append(line).Append('\n');
            actual.Append("? ").Append(run.ExitCode).Append("\n\n");
        }
        var found = actual.ToString().TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("GRPCCA_WRITE_TRANSCRIPTS") == "1")
        {
            await File.WriteAllTextAsync(path, found);
            Assert.Fail($"{file} was written anew: look at the difference");
        }
        Assert.Equal(expected, found);
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
