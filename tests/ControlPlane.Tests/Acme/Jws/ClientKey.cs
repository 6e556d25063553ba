using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

/// <summary>A client's key, made with the platform and not with the code under test: its JWK and how it signs.</summary>
internal sealed record ClientKey(string Algorithm, string Jwk, Func<byte[], byte[]> Sign)
{
    private static readonly Lazy<RSA> Rsa2048 = new(() => RSA.Create(2048));

    /// <summary>A key for each accepted algorithm.</summary>
    public static IEnumerable<ClientKey> OneOfEach => [Es256(), Es384(), Es512(), Rs256(), EdDsa()];

    public static ClientKey Es256() => Ec("ES256", "P-256", ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256);

    public static ClientKey Es384() => Ec("ES384", "P-384", ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384);

    public static ClientKey Es512() => Ec("ES512", "P-521", ECCurve.NamedCurves.nistP521, HashAlgorithmName.SHA512);

    public static ClientKey Rs256() => Rs256(Rsa2048.Value);

    public static ClientKey Rs256(RSA rsa)
    {
        var numbers = rsa.ExportParameters(false);
        var jwk = RsaJwk(numbers.Modulus!, numbers.Exponent!);
        return new("RS256", jwk, data => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public static ClientKey EdDsa()
    {
        var secret = RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize);
        var point = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(secret, 0, point, 0);
        return new("EdDSA", $$"""{"kty":"OKP","crv":"Ed25519","x":"{{Base64Url.EncodeToString(point)}}"}""", data =>
        {
            var signature = new byte[Ed25519.SignatureSize];
            Ed25519.Sign(secret, 0, data, 0, data.Length, signature, 0);
            return signature;
        });
    }

    /// <summary>A MAC as EAB uses it, and as an attacker would who takes a public key for a secret.</summary>
    public static ClientKey Mac(string algorithm, byte[] secret) => new(algorithm, "", data => algorithm switch
    {
        "HS256" => HMACSHA256.HashData(secret, data),
        "HS384" => HMACSHA384.HashData(secret, data),
        _ => HMACSHA512.HashData(secret, data),
    });

    public static string RsaJwk(byte[] n, byte[] e) =>
        $$"""{"kty":"RSA","n":"{{Base64Url.EncodeToString(n)}}","e":"{{Base64Url.EncodeToString(e)}}"}""";

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    /// <summary>A flattened JWS over that header and payload, whatever they are.</summary>
    public string Message(string header, string payload) => Message(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(payload));

    public string Message(byte[] header, byte[] payload)
    {
        var (first, second) = (Base64Url.EncodeToString(header), Base64Url.EncodeToString(payload));
        return Flat(first, second, Base64Url.EncodeToString(Sign(Encoding.ASCII.GetBytes($"{first}.{second}"))));
    }

    public static string Flat(string header, string payload, string signature) =>
        $$"""{"protected":"{{header}}","payload":"{{payload}}","signature":"{{signature}}"}""";

    private static ClientKey Ec(string algorithm, string name, ECCurve curve, HashAlgorithmName hash)
    {
        var key = ECDsa.Create(curve);
        var q = key.ExportParameters(false).Q;
        var jwk = $$"""{"kty":"EC","crv":"{{name}}","x":"{{Base64Url.EncodeToString(q.X)}}","y":"{{Base64Url.EncodeToString(q.Y)}}"}""";
        return new(algorithm, jwk, data => key.SignData(data, hash));
    }
}
