using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>
/// All token buckets of this process, in memory: a request takes one token from each bucket it names, or none from
/// any. Safe for parallel use.
/// </summary>
internal sealed class LimitBuckets
{
    private readonly Lock gate = new();
    private readonly Dictionary<LimitKind, BucketTable> tables;

    /// <param name="most">The most buckets of each limit.</param>
    public LimitBuckets(int most) => tables = Enum.GetValues<LimitKind>().ToDictionary(limit => limit, _ => new BucketTable(most));

    /// <summary>Takes one token for each claim; the keys differ. Takes none, and tells the shortages, when one bucket is empty.</summary>
    public ImmutableArray<Shortage> Take(ImmutableArray<BucketClaim> claims, DateTimeOffset now)
    {
        var ticks = now.UtcTicks;
        lock (gate)
        {
            ImmutableArray<Shortage> missing = [.. claims.Where(claim => Next(claim, ticks) > ticks + claim.Span)
                .Select(claim => new Shortage(claim, new DateTimeOffset(Next(claim, ticks) - claim.Span, TimeSpan.Zero)))];
            if (missing.IsEmpty)
                foreach (var claim in claims) tables[claim.Limit].Set(claim.Key, Next(claim, ticks), ticks);
            return missing;
        }
    }

    /// <summary>Puts back what a request took that came to nothing.</summary>
    public void Return(ImmutableArray<BucketClaim> claims, DateTimeOffset now)
    {
        var ticks = now.UtcTicks;
        lock (gate)
            foreach (var claim in claims) tables[claim.Limit].Set(claim.Key, Held(claim, ticks) - claim.Interval, ticks);
    }

    /// <summary>Takes a token that was taken at an earlier time, as rows tell; an empty bucket stays empty.</summary>
    public void Note(BucketClaim claim, DateTimeOffset at, DateTimeOffset now)
    {
        lock (gate)
            tables[claim.Limit].Set(claim.Key, Math.Min(Next(claim, at.UtcTicks), at.UtcTicks + claim.Span), now.UtcTicks);
    }

    /// <summary>Buckets that are remembered.</summary>
    public int Count(LimitKind limit)
    {
        lock (gate) return tables[limit].Count;
    }

    private long Next(BucketClaim claim, long ticks) => Held(claim, ticks) + claim.Interval;

    // Never further away than the whole span: a limit may have been lowered, and clocks are set back.
    private long Held(BucketClaim claim, long ticks) => Math.Clamp(tables[claim.Limit].FullAt(claim.Key), ticks, ticks + claim.Span);
}
