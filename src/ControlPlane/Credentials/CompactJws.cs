using System.Text;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>
/// A JWT in compact form (RFC 7519 §3, RFC 7515 §7.1), read strictly and not yet believed. The key never comes from the token
/// but by what the provisioner knows: <c>jwk</c>, <c>jku</c> and <c>x5u</c> are not looked at (RFC 8725 §3.10).
/// </summary>
internal sealed class CompactJws
{
    private static readonly JwsLimits Limits = new();

    private readonly byte[] signingInput, signature;

    private CompactJws(JwsAlgorithm algorithm, JsonPayload header, JsonPayload claims, byte[] signingInput, byte[] signature)
    {
        (Algorithm, Header, Claims) = (algorithm, header, claims);
        (this.signingInput, this.signature) = (signingInput, signature);
    }

    /// <summary>The longest text that is read; an x5c chain of four RSA certificates takes about 8 kB.</summary>
    public const int MaxLength = 32 * 1024;

    public JwsAlgorithm Algorithm { get; }

    public JsonPayload Header { get; }

    public JsonPayload Claims { get; }

    /// <summary>What was signed: header and claims, without the signature.</summary>
    public ReadOnlyMemory<byte> SigningInput => signingInput;

    /// <exception cref="RefusalException">Unauthenticated.</exception>
    public static CompactJws Parse(string text)
    {
        if (text.Length > MaxLength) throw Refused($"has {text.Length} characters; {MaxLength} are the most");
        var parts = text.Split('.');
        if (parts.Length != 3) throw Refused($"has {parts.Length} parts; a JWT in compact form has three");
        var (header, claims) = (Read(parts[0], "header"), Read(parts[1], "claims"));
        if (!StrictBase64Url.TryDecode(parts[2], out var signature)) throw Refused("has a signature that is not base64url without padding");
        try
        {
            // RFC 7515 §4.1.11: what crit lists must be understood; nothing that it could list is. RFC 7797: b64 needs crit.
            if (header.Has("crit") || header.Has("b64")) throw Refused("has crit or b64 in its header, which are not supported");
            return new(JwsAlgorithms.Parse(header.RequireString("alg")), header, claims, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature);
        }
        catch (RefusalException fault) when (fault.Reason != RefusalReason.Unauthenticated)
        {
            throw Refused($"has a header that is refused: {fault.Detail}");
        }
    }

    /// <summary>Checks that the key made the signature, by the one algorithm that belongs to it (RFC 8725 §3.1).</summary>
    /// <exception cref="RefusalException">Unauthenticated.</exception>
    public void Verify(PublicKey key, string whose)
    {
        if (!Algorithm.Fits(key.Type)) throw Refused($"has alg {Algorithm}, which does not fit {whose}, a key of the kind {key.TypeText}");
        if (!key.Verify(Algorithm.Scheme(), signingInput, signature, EcdsaEncoding.Fixed)) throw Refused($"has no good signature of {whose}");
    }

    /// <summary>Refuses another <c>typ</c> than the wanted one (RFC 8725 §3.11).</summary>
    /// <param name="wanted">Without <c>application/</c>; compared without case.</param>
    /// <param name="mayBeAbsent">Whether a token without <c>typ</c> will do.</param>
    public void RequireType(string wanted, bool mayBeAbsent)
    {
        var type = Text(Header, "typ");
        if (type is null ? mayBeAbsent : type.Equals(wanted, StringComparison.OrdinalIgnoreCase)) return;
        throw Refused($"is of the typ {Excerpt.Of(type ?? "")}; {wanted} is wanted here");
    }

    /// <summary>A string member; null when it is absent.</summary>
    /// <exception cref="RefusalException">Unauthenticated.</exception>
    public static string? Text(JsonPayload json, string name)
    {
        try
        {
            return json.FindString(name);
        }
        catch (RefusalException fault)
        {
            throw Refused($"is refused: {fault.Detail}");
        }
    }

    public static RefusalException Refused(string detail) => new(RefusalReason.Unauthenticated, $"the token {detail}");

    private static JsonPayload Read(string part, string what)
    {
        if (!StrictBase64Url.TryDecode(part, out var json)) throw Refused($"has a part, its {what}, that is not base64url without padding");
        try
        {
            return JsonPayload.Parse(json, Limits);
        }
        catch (RefusalException fault)
        {
            throw Refused($"has a part, its {what}, that is refused: {fault.Detail}");
        }
    }
}
