using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Text.Json;
using GrpcCa.Load.Acme;
using GrpcCa.Load.Http;

namespace GrpcCa.Load;

/// <summary>Starts a server several times and tells how long each start took to the first answer.</summary>
internal sealed partial class StartRun(LoadOptions options)
{
    private const int Terminate = 15, Tries = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Between = TimeSpan.FromMilliseconds(1);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var i = 0; i < (options.Count == int.MaxValue ? Tries : options.Count); i++) times.Add(await OnceAsync(cancellationToken));
        times.Sort();
        Console.WriteLine($"{options.Label}: ready after {times[times.Count / 2]:F0} ms (median of {string.Join(' ', times.Select(t => t.ToString("F0", CultureInfo.InvariantCulture)))})");
        if (options.JsonFile is { } file) Write(file, times);
        return 0;
    }

    private async Task<double> OnceAsync(CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(Patience);
        var startedAt = Stopwatch.GetTimestamp();
        using var server = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec {options.Command}"]) { RedirectStandardOutput = options.ReadyLine is not null })!;
        try
        {
            if (options.ReadyLine is { } line)
            {
                while (await server.StandardOutput.ReadLineAsync(bound.Token) is { } said)
                    if (said.StartsWith(line, StringComparison.Ordinal)) return Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds;
                throw new IOException($"the command ended without the line '{line}'");
            }
            await AwaitAnswerAsync(server, bound.Token);
            return Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds;
        }
        finally
        {
            _ = Kill(server.Id, Terminate);
            await server.WaitForExitAsync(bound.Token);
        }
    }

    private async Task AwaitAnswerAsync(Process server, CancellationToken cancellationToken)
    {
        var trust = new TlsTrust(options.CaFile);
        while (true)
        {
            if (server.HasExited) throw new IOException("the command ended before the directory answered");
            try
            {
                await AcmeDirectory.LoadAsync(options.Directory, trust, cancellationToken);
                return;
            }
            catch (Exception fault) when (fault is IOException or SocketException or AuthenticationException or AcmeProblemException)
            {
                // Not there yet.
                await Task.Delay(Between, cancellationToken);
            }
        }
    }

    private void Write(string file, List<double> times)
    {
        using var stream = File.Create(file);
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteString("label", options.Label);
        json.WriteString("mode", "start");
        json.WriteNumber("medianMs", Math.Round(times[times.Count / 2], 1));
        json.WriteEndObject();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
