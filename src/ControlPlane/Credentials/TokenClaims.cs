using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>The registered claims of a JWT (RFC 7519 §4.1), held against what the provisioner wants.</summary>
internal static class TokenClaims
{
    /// <summary>Names in one certificate, as in one order.</summary>
    public const int MostNames = 100;

    private const int MostAudiences = 20, LongestId = 256;
    private static readonly TimeSpan UsualLifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan UsualSkew = TimeSpan.FromSeconds(30);

    /// <summary>Refuses a token for somebody else, one that is not in its time, and one that lives too long.</summary>
    /// <param name="jws">The token.</param>
    /// <param name="terms">What it must be like.</param>
    /// <param name="audience">The audience when the terms name none.</param>
    /// <param name="now">The clock.</param>
    /// <param name="usual">The longest life when the terms say none; null is 5 minutes.</param>
    /// <returns>Until when it could be used again, also by a clock that is late, and when more skew is allowed later.</returns>
    /// <exception cref="RefusalException">Unauthenticated.</exception>
    public static DateTimeOffset Check(CompactJws jws, TokenTerms terms, string audience, DateTimeOffset now, TimeSpan? usual = null)
    {
        IReadOnlyList<string> wanted = terms.Audiences.IsDefaultOrEmpty ? [audience] : terms.Audiences;
        var named = Audiences(jws);
        if (!named.Any(a => wanted.Contains(a, StringComparer.Ordinal)))
            throw CompactJws.Refused($"is for {(named.IsEmpty ? "nobody: it has no aud" : Excerpt.Of(string.Join(", ", named)))}, not for {string.Join(" or ", wanted)}");
        var skew = terms.ClockSkew ?? UsualSkew;
        var longest = terms.MaxLifetime ?? usual ?? UsualLifetime;
        var (issued, ends) = (RequireTime(jws, "iat"), RequireTime(jws, "exp"));
        if (ends - issued > longest) throw CompactJws.Refused($"lives for {ends - issued}, longer than {longest}");
        if (issued > now + skew) throw CompactJws.Refused($"was issued at {issued:yyyy-MM-ddTHH:mm:ssZ}, which is still to come: one of the clocks is wrong");
        if (FindTime(jws, "nbf") is { } start && start > now + skew) throw CompactJws.Refused($"is good only from {start:yyyy-MM-ddTHH:mm:ssZ} on");
        if (now >= ends + skew) throw CompactJws.Refused($"expired at {ends:yyyy-MM-ddTHH:mm:ssZ}");
        return ends + CredentialFaults.MostSkew;
    }

    public static ImmutableArray<string> Audiences(CompactJws jws) => Strings(jws, "aud", MostAudiences);

    /// <summary>The token's own id, which makes it good once.</summary>
    public static string RequireId(CompactJws jws)
    {
        var id = CompactJws.Text(jws.Claims, "jti");
        return id is { Length: > 0 and <= LongestId } ? id : throw CompactJws.Refused($"needs a jti of 1 to {LongestId} characters: it is good once");
    }

    /// <summary>The names that it is for: <c>sans</c>, or <c>sub</c> where there are none.</summary>
    public static ImmutableArray<Identifier> RequireNames(CompactJws jws)
    {
        var texts = Strings(jws, "sans", MostNames);
        if (texts.IsEmpty) texts = CompactJws.Text(jws.Claims, "sub") is { Length: > 0 } subject ? [subject] : throw CompactJws.Refused("names nothing: it has neither sans nor sub");
        return [.. texts.Select(Name).Distinct()];
    }

    /// <summary>A claim that is one string or several; empty when it is absent.</summary>
    public static ImmutableArray<string> Strings(CompactJws jws, string claim, int atMost) => jws.Claims.Find(claim) switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } one => [one.GetString()!],
        { ValueKind: JsonValueKind.Array } several when several.GetArrayLength() <= atMost && several.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String) =>
            [.. several.EnumerateArray().Select(e => e.GetString()!)],
        _ => throw CompactJws.Refused($"has a claim {claim} that is neither a string nor an array of at most {atMost} strings"),
    };

    private static Identifier Name(string text)
    {
        var type = IPAddress.TryParse(text, out _) ? "ip" : "dns";
        return Identifier.TryParse(type, text, out var name, out _, out var detail) ? name : throw CompactJws.Refused($"names something that is no name: {detail}");
    }

    private static DateTimeOffset RequireTime(CompactJws jws, string claim) => FindTime(jws, claim) ?? throw CompactJws.Refused($"has no {claim}");

    // RFC 7519 §2, NumericDate: seconds, possibly with a fraction.
    private static DateTimeOffset? FindTime(CompactJws jws, string claim)
    {
        if (jws.Claims.Find(claim) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_799)
            return DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(seconds);
        throw CompactJws.Refused($"has {claim}, which is no time in seconds since 1970");
    }
}
