using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>An account key as JWK (RFC 7517): checked once, then a value that is compared, kept and echoed.</summary>
internal sealed class JsonWebKey
{
    private JsonWebKey(PublicKey publicKey, string canonicalJson)
    {
        PublicKey = publicKey;
        CanonicalJson = canonicalJson;
        Thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(canonicalJson)));
    }

    public PublicKey PublicKey { get; }

    /// <summary>The required members in lexicographic order (RFC 7638 §3): what the store keeps and an account echoes.</summary>
    public string CanonicalJson { get; }

    /// <summary>base64url of the SHA-256 of <see cref="CanonicalJson"/> (RFC 7638), for key authorizations and lookups.</summary>
    public string Thumbprint { get; }

    /// <summary>Reads a JWK from outside.</summary>
    /// <param name="json">The JSON text of the object.</param>
    /// <param name="what">What a sentence calls it, such as "jwk".</param>
    /// <param name="limits">Depth and number of members.</param>
    public static JsonWebKey Parse(ReadOnlySpan<byte> json, string what, JwsLimits limits)
    {
        var members = JwkMembers.Read(json, what, limits);
        try
        {
            return members.Text("kty") switch
            {
                "EC" => FromEc(members),
                "RSA" => FromRsa(members),
                "OKP" => FromOkp(members),
                var other => throw Bad($"kty {Excerpt.Of(other)} of {what} is not supported; use EC, RSA or OKP"),
            };
        }
        catch (PublicKeyException e)
        {
            throw Bad($"{what} is refused: {e.Message}");
        }
    }

    /// <summary>Reads back what <see cref="CanonicalJson"/> gave to the store.</summary>
    public static JsonWebKey FromStored(string canonicalJson)
    {
        var key = Parse(Encoding.UTF8.GetBytes(canonicalJson), "the stored account key", new JwsLimits());
        return key.CanonicalJson == canonicalJson
            ? key
            : throw new InvalidOperationException("a stored account key is not in canonical form");
    }

    /// <summary>A key that did not come as a JWK.</summary>
    public static JsonWebKey Of(PublicKey key)
    {
        var (first, second) = (Base64Url.EncodeToString(key.Numbers.First), Base64Url.EncodeToString(key.Numbers.Second));
        return new(key, key.Type switch
        {
            KeyType.Rsa => $$"""{"e":"{{second}}","kty":"RSA","n":"{{first}}"}""",
            KeyType.Ed25519 => $$"""{"crv":"Ed25519","kty":"OKP","x":"{{first}}"}""",
            _ => $$"""{"crv":"P-{{key.Bits}}","kty":"EC","x":"{{first}}","y":"{{second}}"}""",
        });
    }

    /// <summary>Reads a public key as people have it: a JWK, or PEM.</summary>
    /// <exception cref="RefusalException">BadPublicKey, Malformed.</exception>
    public static JsonWebKey ParseText(string text, string what, JwsLimits limits)
    {
        if (text.TrimStart().StartsWith('{')) return Parse(Encoding.UTF8.GetBytes(text), what, limits);
        if (!PemEncoding.TryFind(text, out var pem) || text.AsSpan()[pem.Label] is not "PUBLIC KEY")
            throw Bad($"{what} is neither a JWK nor PEM with the label PUBLIC KEY");
        try
        {
            return Of(PublicKey.FromSubjectPublicKeyInfo(Convert.FromBase64String(text[pem.Base64Data])));
        }
        catch (PublicKeyException e)
        {
            throw Bad($"{what} is refused: {e.Message}");
        }
    }

    /// <summary>The same key, whatever else the JWKs said.</summary>
    public bool IsSameKey(JsonWebKey other) => CanonicalJson == other.CanonicalJson;

    private static JsonWebKey FromEc(JwkMembers members)
    {
        var name = members.Text("crv");
        var (curve, length) = name switch
        {
            "P-256" => (KeyType.EcP256, 32),
            "P-384" => (KeyType.EcP384, 48),
            "P-521" => (KeyType.EcP521, 66),
            _ => throw Bad($"crv {Excerpt.Of(name)} is not supported; use P-256, P-384 or P-521"),
        };
        // RFC 7518 §6.2.1.2: full length, leading zeros included.
        var key = PublicKey.FromEc(curve, members.Bytes("x", length), members.Bytes("y", length));
        return new(key, $$"""{"crv":"{{name}}","kty":"EC","x":"{{members.Text("x")}}","y":"{{members.Text("y")}}"}""");
    }

    private static JsonWebKey FromRsa(JwkMembers members)
    {
        var n = members.Bytes("n");
        var e = members.Bytes("e");
        // RFC 7518 §2, Base64urlUInt: the minimum number of octets, so that one key has one thumbprint.
        if (n.Length == 0 || n[0] == 0) throw Bad("n is empty or starts with a zero octet");
        if (e.Length == 0 || e[0] == 0) throw Bad("e is empty or starts with a zero octet");
        return new(PublicKey.FromRsa(n, e), $$"""{"e":"{{members.Text("e")}}","kty":"RSA","n":"{{members.Text("n")}}"}""");
    }

    // RFC 8037 §2.
    private static JsonWebKey FromOkp(JwkMembers members)
    {
        var name = members.Text("crv");
        if (name != "Ed25519") throw Bad($"crv {Excerpt.Of(name)} is not supported; use Ed25519");
        var key = PublicKey.FromEd25519(members.Bytes("x", 32));
        return new(key, $$"""{"crv":"Ed25519","kty":"OKP","x":"{{members.Text("x")}}"}""");
    }

    private static RefusalException Bad(string detail) => new(RefusalReason.BadPublicKey, detail);
}
