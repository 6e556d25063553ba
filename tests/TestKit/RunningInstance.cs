using System.Diagnostics;

namespace GrpcCa.TestKit;

/// <summary>What <c>./run</c> starts: a control plane and a gateway as their users have them, each in its own process.</summary>
internal sealed class RunningInstance : IAsyncDisposable
{
    // The first start builds, maybe natively.
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(30);
    private readonly Process process;
    private readonly Task<string> errors;
    private readonly bool ownsData;
    private bool stopped;

    private RunningInstance(Process process, RunningInstanceOptions options, string data, bool ownsData)
    {
        this.process = process;
        this.ownsData = ownsData;
        Options = options;
        Data = data;
        errors = process.StandardError.ReadToEndAsync();
    }

    public RunningInstanceOptions Options { get; }

    public string Data { get; }

    /// <summary>The first five lines of stdout.</summary>
    public IReadOnlyList<string> FirstLines { get; private set; } = [];

    public int ProcessId => process.Id;

    public string RootFile => Path.Combine(Data, "root.crt");

    public string AdminServer => $"unix:{Path.Combine(Data, "admin.sock")}";

    public string Origin => $"https://127.0.0.1:{Options.AcmePort}";

    public string Directory => $"{Origin}/acme/acme/directory";

    public string ServerLog => ReadLog("server");

    public string GatewayLog => ReadLog("gateway");

    /// <summary>Returns when it says <c>ready</c>; throws with its words and logs when it does not.</summary>
    public static async Task<RunningInstance> StartAsync(RunningInstanceOptions? options = null)
    {
        options ??= new();
        var data = options.Data ?? System.IO.Directory.CreateTempSubdirectory("ca-").FullName;
        var start = new ProcessStartInfo(SourceTree.At("run"), options.Arguments(data))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = SourceTree.Root,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("./run did not start");
        process.StandardInput.Close();
        var instance = new RunningInstance(process, options, data, options.Data is null);
        try
        {
            await instance.ReadFirstLinesAsync();
            return instance;
        }
        catch
        {
            await instance.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs <c>./grpcca</c> against it.</summary>
    public Task<ProgramRun> AdminAsync(params IEnumerable<string> arguments) => ProgramRun.OfAsync(SourceTree.At("grpcca"), [.. arguments, "--server", AdminServer]);

    /// <summary>The process of the control plane or the gateway, by the directory it was started with.</summary>
    public async Task<int> PidOfAsync(string program)
    {
        var run = await ProgramRun.OfAsync("pgrep", ["-P", $"{ProcessId}", "-f", $"/{program} run "]);
        return int.Parse(run.Output.Trim());
    }

    /// <summary>What a person's Ctrl-C does; returns the exit code once both programs have ended.</summary>
    public async Task<int> StopAsync(string signal = "TERM")
    {
        if (!stopped)
        {
            stopped = true;
            if (!process.HasExited) await ProgramRun.OfAsync("kill", [$"-{signal}", $"{process.Id}"]);
            using var bound = new CancellationTokenSource(StopWithin);
            await process.WaitForExitAsync(bound.Token);
        }
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        process.Dispose();
        if (ownsData) System.IO.Directory.Delete(Data, recursive: true);
    }

    private async Task ReadFirstLinesAsync()
    {
        using var bound = new CancellationTokenSource(ReadyWithin);
        var lines = new List<string>();
        while (lines.Count < 5 && await process.StandardOutput.ReadLineAsync(bound.Token) is { } line) lines.Add(line);
        FirstLines = lines;
        if (lines is not [.., "ready"])
            throw new InvalidOperationException($"./run did not get ready: {string.Join('\n', lines)}\n{await errors}\nserver.log:\n{ServerLog}\ngateway.log:\n{GatewayLog}");
    }

    private string ReadLog(string program)
    {
        var file = Path.Combine(Data, program + ".log");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }
}
