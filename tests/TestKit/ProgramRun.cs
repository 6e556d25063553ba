using System.Diagnostics;

namespace GrpcCa.TestKit;

/// <summary>A program that ran to its end, with what it said.</summary>
internal sealed record ProgramRun(string Line, int ExitCode, string Output, string Errors)
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    /// <summary>Everything it said, for a failure's message.</summary>
    public string Said => $"$ {Line}\n{Output}{Errors}(exit code {ExitCode})";

    /// <summary>Runs a program without stdin; it is killed after two minutes.</summary>
    public static async Task<ProgramRun> OfAsync(string program, IEnumerable<string> arguments, string? directory = null, IReadOnlyDictionary<string, string>? variables = null, string? input = null, TimeSpan? within = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? SourceTree.Root,
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var line = $"{program} {string.Join(' ', start.ArgumentList)}";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var bound = new CancellationTokenSource(within ?? Bound);
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{line} did not end in time; it said: {await output}{await errors}", late);
        }
        return new(line, process.ExitCode, await output, await errors);
    }

    /// <summary>The same, for a program that must succeed.</summary>
    public static async Task<ProgramRun> SucceedAsync(string program, IEnumerable<string> arguments, string? directory = null, IReadOnlyDictionary<string, string>? variables = null, string? input = null, TimeSpan? within = null)
    {
        var run = await OfAsync(program, arguments, directory, variables, input, within);
        return run.ExitCode == 0 ? run : throw new InvalidOperationException(run.Said);
    }
}
