using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Api.Lists;

/// <summary>One page of a list (AIP-158): how many, and behind which position. <see cref="PageTokens"/> reads it.</summary>
/// <param name="Size">Rows on the page.</param>
/// <param name="After">The position of the last row of the page before; empty on the first page.</param>
internal sealed record Page(int Size, ImmutableArray<string> After)
{
    public bool IsFirst => After.IsEmpty;

    /// <summary>Takes the row too many away, which was read to know whether there is a next page.</summary>
    public (List<T> Rows, string NextToken) Cut<T>(List<T> rows, Func<T, string> tokenBehind)
    {
        if (rows.Count <= Size) return (rows, "");
        rows.RemoveRange(Size, rows.Count - Size);
        return (rows, tokenBehind(rows[^1]));
    }
}
