namespace GrpcCa.Host;

/// <summary>Whether it is time to say again what would otherwise be said each time, and fill the log: once in so long a while at most.</summary>
internal sealed class SeldomWord(TimeSpan between, TimeProvider time)
{
    private long last;

    /// <summary>True for one of those who ask at the same time.</summary>
    public bool IsDue()
    {
        var before = Interlocked.Read(ref last);
        var now = time.GetTimestamp();
        return (before == 0 || time.GetElapsedTime(before, now) >= between) && Interlocked.CompareExchange(ref last, now, before) == before;
    }
}
