using System.Diagnostics;
using Microsoft.Extensions.Hosting;

namespace GrpcCa.CrashHost;

/// <summary>Ends the process by SIGKILL at a reach of a step: nothing is flushed, closed or told.</summary>
internal sealed class Crash(string step, int reach, string noteFile)
{
    private int reached;

    /// <summary>Whether reaches count.</summary>
    public volatile bool Armed;

    public void Reached(string name)
    {
        if (!Armed || name != step || Interlocked.Increment(ref reached) != reach) return;
        File.WriteAllText(noteFile, name);
        using var self = Process.GetCurrentProcess();
        self.Kill();
        // Whoever reached it goes no further while the signal is on its way.
        Thread.Sleep(Timeout.Infinite);
    }
}

/// <summary>Lets reaches count from when the program listens.</summary>
internal sealed class Arming(IHostApplicationLifetime lifetime, Crash crash) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        lifetime.ApplicationStarted.Register(() => crash.Armed = true);
        return Task.CompletedTask;
    }
}
