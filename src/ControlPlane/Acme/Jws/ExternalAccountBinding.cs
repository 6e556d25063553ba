using System.Security.Cryptography;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>
/// The binding of a new account to a key that an operator handed out (RFC 8555 §7.3.4): parsed and compared with the
/// outer request at once, believed only after <see cref="Verify"/> with the key that <see cref="KeyId"/> names.
/// </summary>
internal sealed class ExternalAccountBinding
{
    private const string What = "externalAccountBinding";

    private readonly FlattenedJws jws;
    private readonly string algorithm;

    private ExternalAccountBinding(InnerMessage inner, string keyId, byte[] evidence)
    {
        jws = inner.Jws;
        algorithm = inner.Algorithm;
        KeyId = keyId;
        Evidence = evidence;
    }

    /// <summary>The id of the EAB key; text from outside until a key of that id is found.</summary>
    public string KeyId { get; }

    /// <summary>The JWS as it came: what the account echoes once it is verified.</summary>
    public ReadOnlyMemory<byte> Evidence { get; }

    /// <summary>The binding in a new-account payload; null when there is none.</summary>
    public static ExternalAccountBinding? Find(JsonPayload newAccount, VerifiedRequest outer)
    {
        if (newAccount.FindObject(What) is not { } member) return null;
        var accountKey = outer.Jwk ?? throw new InvalidOperationException("a new account is signed by its own key");
        var json = member.RawJson;
        var inner = InnerMessage.Parse(json, What, outer);
        if (inner.Algorithm is not ("HS256" or "HS384" or "HS512"))
            throw Malformed($"alg {Excerpt.Of(inner.Algorithm)} of {What} is not accepted; use HS256, HS384 or HS512");
        if (inner.Header.Jwk is not null) throw Malformed($"{What} has jwk, but it must name its key by kid");
        var keyId = inner.Header.Kid ?? throw Malformed($"{What} has no kid");
        if (!InnerKey.IsKey(inner.Jws.Payload, accountKey, outer.Limits))
            throw Malformed($"the payload of {What} is not the key that signed the request");
        return new(inner, keyId, json);
    }

    /// <summary>Checks the MAC in constant time; a wrong one is unauthorized, without a word about it.</summary>
    public void Verify(ReadOnlySpan<byte> macKey)
    {
        var input = jws.SigningInput;
        var mac = algorithm switch
        {
            "HS256" => HMACSHA256.HashData(macKey, input),
            "HS384" => HMACSHA384.HashData(macKey, input),
            _ => HMACSHA512.HashData(macKey, input),
        };
        if (!CryptographicOperations.FixedTimeEquals(mac, jws.Signature))
            throw new RefusalException(RefusalReason.Unauthorized, $"the MAC of {What} does not verify");
    }

    private static RefusalException Malformed(string detail) => new(RefusalReason.Malformed, detail);
}
