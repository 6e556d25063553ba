using System.Collections.Concurrent;
using System.Diagnostics;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>Where the control plane is to die by itself.</summary>
/// <param name="Step">A fail point.</param>
/// <param name="Reach">At which reach of it.</param>
/// <param name="FromStart">Whether reaches before it listens count.</param>
internal sealed record CrashPoint(string Step, int Reach = 1, bool FromStart = false);

/// <summary>The control plane in a process of its own (<c>tests/CrashHost</c>), to be killed and started again on its data.</summary>
internal sealed class CrashedPlane(string data, IReadOnlyDictionary<string, string> settings) : IAsyncDisposable
{
    private const int KilledBySignal9 = 128 + 9;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<string> log = new();
    private Process? process;
    private Task reading = Task.CompletedTask;

    /// <summary>What the signer noted, of all lives.</summary>
    public string SignatureFile => Path.Combine(data, "signatures.log");

    /// <summary>How long each start took, from the start of the process to <c>ready</c>.</summary>
    public List<TimeSpan> Starts { get; } = [];

    /// <summary>The last lines of all lives' logs.</summary>
    public IEnumerable<string> Log => log;

    /// <summary>The step at which the last life ended; null when it reached none.</summary>
    public string? CrashedAt => File.Exists(CrashFile) ? File.ReadAllText(CrashFile) : null;

    private string CrashFile => SignatureFile + ".crash";

    /// <summary>Starts it; returns when it is ready, or false when it died before.</summary>
    public async Task<bool> StartAsync(CrashPoint? crash = null)
    {
        var clock = Stopwatch.StartNew();
        process = Launch(crash);
        using var bound = new CancellationTokenSource(Bound);
        while (await process.StandardOutput.ReadLineAsync(bound.Token) is { } line)
        {
            if (!line.StartsWith("ready ", StringComparison.Ordinal)) continue;
            Starts.Add(clock.Elapsed);
            _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            return true;
        }
        await EndAsync();
        return false;
    }

    /// <summary>Lets reaches of the crash point count.</summary>
    public async Task ArmAsync()
    {
        await process!.StandardInput.WriteLineAsync("arm");
        await process.StandardInput.FlushAsync();
    }

    /// <summary>Starts it and kills it a moment later, most likely before it is ready.</summary>
    public async Task StartAndKillAsync(TimeSpan moment)
    {
        process = Launch(crash: null);
        await Task.Delay(moment);
        await KillAsync();
    }

    /// <summary>kill -9, from outside.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await EndAsync();
    }

    /// <summary>Waits for a life that ends by itself, and checks that it was killed.</summary>
    public async Task EndAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        await process!.WaitForExitAsync(bound.Token);
        await reading;
        if (process.ExitCode != KilledBySignal9) throw new InvalidOperationException($"the control plane ended with code {process.ExitCode}:\n{string.Join('\n', Log.TakeLast(40))}");
        process.Dispose();
        process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is null) return;
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
    }

    private Process Launch(CrashPoint? crash)
    {
        File.Delete(CrashFile);
        var start = Program();
        foreach (var argument in Arguments(crash)) start.ArgumentList.Add(argument);
        var started = Process.Start(start) ?? throw new InvalidOperationException("the control plane did not start");
        reading = ReadLogAsync(started);
        return started;
    }

    // ./bench durability brings the program compiled ahead of time; otherwise it is what was built beside these tests.
    private static ProcessStartInfo Program()
    {
        var compiled = Environment.GetEnvironmentVariable("DURABILITY_HOST");
        var start = new ProcessStartInfo(compiled ?? "dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        if (compiled is null) start.ArgumentList.Add(SourceTree.At("artifacts", "bin", "GrpcCa.CrashHost", new DirectoryInfo(AppContext.BaseDirectory).Name, "GrpcCa.CrashHost.dll"));
        return start;
    }

    private IEnumerable<string> Arguments(CrashPoint? crash)
    {
        yield return "--signatures";
        yield return SignatureFile;
        if (crash is not null)
        {
            yield return "--crash-at";
            yield return crash.Step;
            yield return "--reach";
            yield return $"{crash.Reach}";
            if (crash.FromStart) yield return "--from-start";
        }
        yield return $"Data:Directory={data}";
        foreach (var (key, value) in settings) yield return $"{key}={value}";
    }

    private async Task ReadLogAsync(Process of)
    {
        while (await of.StandardError.ReadLineAsync() is { } line)
        {
            log.Enqueue(line);
            if (log.Count > 500) log.TryDequeue(out _);
        }
    }
}
