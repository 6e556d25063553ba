using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>One token that a request wants from one bucket.</summary>
/// <param name="Limit">Which limit.</param>
/// <param name="Key">Whose bucket.</param>
/// <param name="Size">Tokens in the full bucket; at least 1.</param>
/// <param name="Name">The name, where the limit is about one.</param>
internal readonly record struct BucketClaim(LimitKind Limit, BucketKey Key, int Size, Identifier? Name = null)
{
    /// <summary>The time in which one token comes back.</summary>
    public long Interval => Limit.Window().Ticks / Size;

    /// <summary>The time in which the empty bucket fills up: a multiple of the interval, so that rounding adds no token.</summary>
    public long Span => Interval * Size;
}

/// <summary>A bucket that had no token left, and when it has one again.</summary>
internal readonly record struct Shortage(BucketClaim Claim, DateTimeOffset Until);
