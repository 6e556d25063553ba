using System.Diagnostics;

namespace GrpcCa.Load.Measures;

/// <summary>The steps of an issuance that are timed apart.</summary>
internal enum Step
{
    NewOrder,
    Authorization,
    Challenge,
    Poll,
    Finalize,
    Download,
}

/// <summary>How long the steps of one client took in sum; used by that client alone.</summary>
internal sealed class StepTimes
{
    private readonly long[] ticks = new long[Enum.GetValues<Step>().Length];

    /// <summary>Polls beyond the first of an authorization or order.</summary>
    public int ExtraPolls { get; private set; }

    /// <summary>Adds the time since <paramref name="mark"/> to a step and sets the mark to now.</summary>
    public void Add(Step step, ref long mark)
    {
        var now = Stopwatch.GetTimestamp();
        ticks[(int)step] += now - mark;
        mark = now;
    }

    public void CountPoll() => ExtraPolls++;

    public double Milliseconds(Step step) => ticks[(int)step] * 1000.0 / Stopwatch.Frequency;

    public void Reset()
    {
        Array.Clear(ticks);
        ExtraPolls = 0;
    }
}
