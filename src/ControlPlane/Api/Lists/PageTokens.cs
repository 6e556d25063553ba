using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Api.Lists;

/// <summary>
/// Writes and reads the tokens that say where to go on in a list. A token is the position and an HMAC of it and of the
/// query it belongs to, in base64url: a forged or changed one is refused before anything of it is looked at. The key is
/// the house's: every replica takes the tokens of every other, also after a restart.
/// </summary>
internal sealed class PageTokens(byte[] key)
{
    /// <summary>What the key is derived for.</summary>
    public const string Purpose = "page tokens";

    private const int Usual = 100;
    private const int Most = 1000;
    private const int MacBytes = 16;
    private const int LongestToken = 2048;
    private const char Separator = '\n';

    /// <param name="size">As asked: 0 means 100, more than 1,000 means 1,000.</param>
    /// <param name="token">As asked; empty for the first page.</param>
    /// <param name="query">What the list is asked for besides: a token of another query is refused.</param>
    /// <param name="parts">How many parts a position has.</param>
    /// <exception cref="RefusalException">The size is negative, or the token is not of this list.</exception>
    public Page Read(int size, string token, string query, int parts)
    {
        if (size < 0) throw new RefusalException(RefusalReason.InvalidArgument, "page_size is negative") { Field = "page_size" };
        var after = token.Length == 0 ? [] : Position(token, query, parts, "page_token");
        return new Page(size == 0 ? Usual : Math.Min(size, Most), after);
    }

    /// <summary>The token that goes on behind this position.</summary>
    public string Token(string query, params ReadOnlySpan<string> position)
    {
        var text = Encoding.UTF8.GetBytes(string.Join(Separator, position));
        return Base64Url.EncodeToString([.. Mac(query, text), .. text]);
    }

    /// <summary>A page of a list that is kept in memory: its rows, which come ordered by key, and the token of the next.</summary>
    public (List<T> Rows, string NextToken) Of<T>(IEnumerable<T> ordered, Func<T, string> keyOf, int size, string token, string query)
    {
        var page = Read(size, token, query, parts: 1);
        var rows = ordered.Where(r => page.IsFirst || string.CompareOrdinal(keyOf(r), page.After[0]) > 0).Take(page.Size + 1).ToList();
        return page.Cut(rows, row => Token(query, keyOf(row)));
    }

    /// <summary>The position in a token.</summary>
    /// <exception cref="RefusalException">InvalidArgument for the field: the token is not of this query.</exception>
    public ImmutableArray<string> Position(string token, string query, int parts, string field)
    {
        if (token.Length > LongestToken || !Base64Url.IsValid(token)) throw Foreign(field);
        var bytes = Base64Url.DecodeFromChars(token);
        if (bytes.Length <= MacBytes) throw Foreign(field);
        var text = bytes.AsSpan(MacBytes);
        if (!CryptographicOperations.FixedTimeEquals(Mac(query, text), bytes.AsSpan(0, MacBytes))) throw Foreign(field);
        var position = Encoding.UTF8.GetString(text).Split(Separator).ToImmutableArray();
        return position.Length == parts ? position : throw Foreign(field);
    }

    private byte[] Mac(string query, ReadOnlySpan<byte> position)
    {
        byte[] input = [.. SHA256.HashData(Encoding.UTF8.GetBytes(query)), .. position];
        return HMACSHA256.HashData(key, input)[..MacBytes];
    }

    private static RefusalException Foreign(string field) =>
        new(RefusalReason.InvalidArgument, $"{field} is not one of this list and query; start again without it") { Field = field };
}
