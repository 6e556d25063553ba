using GrpcCa.AdminCli.Tests.Fakes;

namespace GrpcCa.AdminCli.Tests;

/// <summary>What one run printed and how it ended.</summary>
internal sealed record Run(int ExitCode, string Out, string Error);

/// <summary>Runs the program in this process, as a person in the fake's directory would.</summary>
internal sealed class Cli(FakeControlPlane fake)
{
    public bool Terminal { get; set; }

    public int Width { get; set; } = 100;

    public string Input { get; set; } = "";

    public DateTimeOffset Now { get; set; } = FakeData.Now;

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal) { ["HOME"] = fake.Directory };

    public Task<Run> RunAsync(string line, CancellationToken cancel = default) => RunAsync(Words(line), cancel);

    public async Task<Run> RunAsync(IReadOnlyList<string> args, CancellationToken cancel = default)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = await CliApp.RunAsync(args, new CliEnvironment
        {
            In = new StringReader(Input),
            Out = output,
            Error = error,
            InIsTerminal = Terminal,
            OutIsTerminal = Terminal,
            Width = Width,
            WorkingDirectory = fake.Directory,
            Variable = name => Variables.GetValueOrDefault(name),
            Time = new StillTime(Now),
        }, cancel);
        return new Run(code, Tidy(output), Tidy(error));
    }

    /// <summary>Splits as a shell would, single quotes included.</summary>
    public static List<string> Words(string line)
    {
        var words = new List<string>();
        foreach (var (part, index) in line.Split('\'').Select((p, i) => (p, i)))
        {
            if (index % 2 == 1) words.Add(part);
            else words.AddRange(part.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        return words;
    }

    private string Tidy(StringWriter text) => text.ToString().Replace(fake.Directory, "DIR", StringComparison.Ordinal)
        .Replace(System.CommandLine.RootCommand.ExecutableName, "grpcca", StringComparison.Ordinal);

    private sealed class StillTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
