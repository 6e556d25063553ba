using System.Diagnostics;

namespace GrpcCa.CrashHost;

/// <summary>Ends the process by SIGKILL at a reach of a step: nothing is flushed, closed or told.</summary>
internal sealed class Crash(string step, int reach, string noteFile)
{
    private volatile bool armed;
    private int reached;

    /// <summary>Reaches count from now on.</summary>
    public void Arm() => armed = true;

    /// <summary>Reaches count from when a line comes in.</summary>
    public void Arm(TextReader commands)
    {
        if (commands.ReadLine() is not null) Arm();
    }

    public void Reached(string name)
    {
        if (!armed || name != step || Interlocked.Increment(ref reached) != reach) return;
        File.WriteAllText(noteFile, name);
        using var self = Process.GetCurrentProcess();
        self.Kill();
        // Whoever reached it goes no further while the signal is on its way.
        using var never = new ManualResetEventSlim();
        never.Wait();
    }
}
