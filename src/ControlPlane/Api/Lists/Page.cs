using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Api.Lists;

/// <summary>
/// One page of a list (AIP-158): how many, and behind which position. A token is the position, the query it belongs to
/// and a checksum, in base64url. It is no secret and grants nothing: it only says where to go on in a list that the
/// caller may read from the start, and each part is checked again like any other input.
/// </summary>
/// <param name="Size">Rows on the page.</param>
/// <param name="After">The position of the last row of the page before; empty on the first page.</param>
internal sealed record Page(int Size, ImmutableArray<string> After)
{
    private const int Usual = 100;
    private const int Most = 1000;
    private const int ChecksumBytes = 12;
    private const int LongestToken = 2048;
    private const char Separator = '\n';

    public bool IsFirst => After.IsEmpty;

    /// <param name="size">As asked: 0 means 100, more than 1,000 means 1,000.</param>
    /// <param name="token">As asked; empty for the first page.</param>
    /// <param name="query">What the list is asked for besides: a token of another query is refused.</param>
    /// <param name="parts">How many parts a position has.</param>
    /// <exception cref="RefusalException">The size is negative, or the token is not of this list.</exception>
    public static Page Read(int size, string token, string query, int parts)
    {
        if (size < 0) throw new RefusalException(RefusalReason.InvalidArgument, "page_size is negative") { Field = "page_size" };
        var after = token.Length == 0 ? [] : Position(token, query, parts);
        return new Page(size == 0 ? Usual : Math.Min(size, Most), after);
    }

    /// <summary>The token that goes on behind this position.</summary>
    public static string Token(string query, params ReadOnlySpan<string> position)
    {
        var text = Encoding.UTF8.GetBytes(string.Join(Separator, position));
        return Base64Url.EncodeToString([.. Checksum(query, text), .. text]);
    }

    private static ImmutableArray<string> Position(string token, string query, int parts)
    {
        if (token.Length > LongestToken || !Base64Url.IsValid(token)) throw Foreign();
        var bytes = Base64Url.DecodeFromChars(token);
        if (bytes.Length <= ChecksumBytes) throw Foreign();
        var text = bytes.AsSpan(ChecksumBytes);
        if (!Checksum(query, text).AsSpan().SequenceEqual(bytes.AsSpan(0, ChecksumBytes))) throw Foreign();
        var position = Encoding.UTF8.GetString(text).Split(Separator).ToImmutableArray();
        return position.Length == parts ? position : throw Foreign();
    }

    private static byte[] Checksum(string query, ReadOnlySpan<byte> position)
    {
        byte[] input = [.. SHA256.HashData(Encoding.UTF8.GetBytes(query)), .. position];
        return SHA256.HashData(input)[..ChecksumBytes];
    }

    private static RefusalException Foreign() =>
        new(RefusalReason.InvalidArgument, "page_token is not one of this list and query; start again without it") { Field = "page_token" };
}

/// <summary>Pages of lists that are kept in memory, ordered by one key.</summary>
internal static class Pages
{
    /// <summary>The rows of the page and the token of the next; the rows come ordered by key.</summary>
    public static (List<T> Rows, string NextToken) Of<T>(IEnumerable<T> ordered, Func<T, string> keyOf, int size, string token, string query)
    {
        var page = Page.Read(size, token, query, parts: 1);
        var rows = ordered.Where(r => page.IsFirst || string.CompareOrdinal(keyOf(r), page.After[0]) > 0).Take(page.Size + 1).ToList();
        return Cut(rows, page, row => Page.Token(query, keyOf(row)));
    }

    /// <summary>Takes the row too many away, which was read to know whether there is a next page.</summary>
    public static (List<T> Rows, string NextToken) Cut<T>(List<T> rows, Page page, Func<T, string> tokenBehind)
    {
        if (rows.Count <= page.Size) return (rows, "");
        rows.RemoveRange(page.Size, rows.Count - page.Size);
        return (rows, tokenBehind(rows[^1]));
    }
}
