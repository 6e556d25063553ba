namespace GrpcCa.AdminCli;

/// <summary>All that a command may know of the world around it: streams, terminal, variables, directory, clock.</summary>
internal sealed record CliEnvironment
{
    public required TextReader In { get; init; }

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Whether a person can be asked.</summary>
    public bool InIsTerminal { get; init; }

    /// <summary>Whether a person reads the output: colours, lines and the terminal's width only then.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Columns of the terminal.</summary>
    public int Width { get; init; } = 80;

    public required string WorkingDirectory { get; init; }

    public required Func<string, string?> Variable { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>The environment of this process.</summary>
    public static CliEnvironment OfProcess()
    {
        var terminal = !Console.IsOutputRedirected;
        return new CliEnvironment
        {
            In = Console.In,
            Out = Console.Out,
            Error = Console.Error,
            InIsTerminal = !Console.IsInputRedirected,
            OutIsTerminal = terminal,
            Width = terminal ? Math.Max(Console.WindowWidth, 40) : 80,
            WorkingDirectory = Environment.CurrentDirectory,
            Variable = Environment.GetEnvironmentVariable,
            Time = TimeProvider.System,
        };
    }
}
