using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace GrpcCa.TestKit.Acme;

/// <summary>A key that signs JWS (RFC 7518, RFC 8037).</summary>
internal sealed class AcmeKey
{
    private readonly Func<byte[], byte[]> sign;

    private AcmeKey(string algorithm, JsonObject jwk, Func<byte[], byte[]> sign, AsymmetricAlgorithm? platform)
    {
        (Algorithm, Jwk, this.sign, Platform) = (algorithm, jwk, sign, platform);
    }

    /// <summary>The <c>alg</c> that belongs to it.</summary>
    public string Algorithm { get; }

    /// <summary>The public key; members in the order of RFC 7638.</summary>
    public JsonObject Jwk { get; }

    /// <summary>The key as the platform has it; null for Ed25519.</summary>
    public AsymmetricAlgorithm? Platform { get; }

    /// <summary>RFC 7638.</summary>
    public string Thumbprint => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Jwk.ToJsonString())));

    public byte[] Sign(byte[] data) => sign(data);

    public static AcmeKey Es256() => Ec("ES256", ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public static AcmeKey Es384() => Ec("ES384", ECDsa.Create(ECCurve.NamedCurves.nistP384));

    public static AcmeKey Es512() => Ec("ES512", ECDsa.Create(ECCurve.NamedCurves.nistP521));

    public static AcmeKey Rs256(int bits = 2048) => Rsa(RSA.Create(bits));

    /// <summary>An EC key of the platform.</summary>
    public static AcmeKey Ec(string algorithm, ECDsa key)
    {
        var (curve, hash) = algorithm switch
        {
            "ES256" => ("P-256", HashAlgorithmName.SHA256),
            "ES384" => ("P-384", HashAlgorithmName.SHA384),
            _ => ("P-521", HashAlgorithmName.SHA512),
        };
        var point = key.ExportParameters(false).Q;
        var jwk = new JsonObject { ["crv"] = curve, ["kty"] = "EC", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) };
        return new AcmeKey(algorithm, jwk, data => Locked(key, () => key.SignData(data, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)), key);
    }

    /// <summary>An RSA key of the platform.</summary>
    public static AcmeKey Rsa(RSA key)
    {
        var numbers = key.ExportParameters(false);
        return new AcmeKey("RS256", RsaJwk(numbers.Modulus!, numbers.Exponent!), data => Locked(key, () => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)), key);
    }

    /// <summary>An RSA key from numbers, sound or not; without <paramref name="d"/> its signatures are noise.</summary>
    public static AcmeKey Rsa(BigInteger modulus, BigInteger exponent, BigInteger? d = null)
    {
        var n = modulus.ToByteArray(isUnsigned: true, isBigEndian: true);
        return new AcmeKey("RS256", RsaJwk(n, exponent.ToByteArray(isUnsigned: true, isBigEndian: true)),
            data => d is { } secret ? Pkcs1(data, modulus, secret, n.Length) : RandomNumberGenerator.GetBytes(n.Length), null);
    }

    public static AcmeKey Ed25519()
    {
        var secret = new Ed25519PrivateKeyParameters(RandomNumberGenerator.GetBytes(32));
        var jwk = new JsonObject { ["crv"] = "Ed25519", ["kty"] = "OKP", ["x"] = Base64Url.EncodeToString(secret.GeneratePublicKey().GetEncoded()) };
        return new AcmeKey("EdDSA", jwk, data =>
        {
            var signer = new Ed25519Signer();
            signer.Init(true, secret);
            signer.BlockUpdate(data, 0, data.Length);
            return signer.GenerateSignature();
        }, null);
    }

    /// <summary>A key shared with a CA for an external account binding (RFC 8555 §7.3.4).</summary>
    public static AcmeKey Mac(string algorithm, byte[] secret) => new(algorithm, [], data => algorithm switch
    {
        "HS256" => HMACSHA256.HashData(secret, data),
        "HS384" => HMACSHA384.HashData(secret, data),
        _ => HMACSHA512.HashData(secret, data),
    }, null);

    /// <summary>The key of a certificate that this client made.</summary>
    public static AcmeKey Of(AsymmetricAlgorithm key) => key switch
    {
        ECDsa ec => Ec(ec.KeySize switch { 256 => "ES256", 384 => "ES384", _ => "ES512" }, ec),
        RSA rsa => Rsa(rsa),
        _ => throw new ArgumentException("neither EC nor RSA", nameof(key)),
    };

    private static JsonObject RsaJwk(byte[] n, byte[] e) => new() { ["e"] = Base64Url.EncodeToString(e), ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(n) };

    // RFC 8017 §8.2, for keys that the platform would refuse to hold.
    private static byte[] Pkcs1(byte[] data, BigInteger n, BigInteger d, int length)
    {
        byte[] info = [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20, .. SHA256.HashData(data)];
        byte[] padded = [0, 1, .. Enumerable.Repeat((byte)0xff, Math.Max(8, length - info.Length - 3)), 0, .. info];
        var signature = BigInteger.ModPow(new BigInteger(padded, isUnsigned: true, isBigEndian: true), d, n).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[Math.Max(0, length - signature.Length)], .. signature];
    }

    private static byte[] Locked(object gate, Func<byte[]> act)
    {
        lock (gate) return act();
    }
}
