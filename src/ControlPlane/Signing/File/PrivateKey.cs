using System.Formats.Asn1;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Signing.File;

/// <summary>Makes and reads private keys of the kinds a CA may have, as objects of the platform's cryptography.</summary>
internal static class PrivateKey
{
    private const string RsaEncryption = "1.2.840.113549.1.1.1", EcPublicKey = "1.2.840.10045.2.1";
    private const string Prime256v1 = "1.2.840.10045.3.1.7", Secp384r1 = "1.3.132.0.34";

    public static AsymmetricAlgorithm Generate(KeyAlgorithm algorithm) => algorithm switch
    {
        KeyAlgorithm.EcP256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        KeyAlgorithm.EcP384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        KeyAlgorithm.Rsa2048 => RSA.Create(2048),
        KeyAlgorithm.Rsa3072 => RSA.Create(3072),
        KeyAlgorithm.Rsa4096 => RSA.Create(4096),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "unknown kind of key"),
    };

    /// <summary>Reads a PrivateKeyInfo (RFC 5958 §2).</summary>
    /// <exception cref="CryptographicException">It is none, or of a kind no CA key has.</exception>
    public static AsymmetricAlgorithm Import(ReadOnlyMemory<byte> pkcs8)
    {
        AsymmetricAlgorithm key = AlgorithmOf(pkcs8) switch
        {
            EcPublicKey => ECDsa.Create(),
            RsaEncryption => RSA.Create(),
            var other => throw new CryptographicException($"keys of algorithm {other} cannot sign for a CA; EC P-256, P-384 and RSA can"),
        };
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8.Span, out var read);
            if (read != pkcs8.Length) throw new CryptographicException("bytes follow the private key");
            AlgorithmOf(key);
            CheckPair(key);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Which of the kinds a key is.</summary>
    public static KeyAlgorithm AlgorithmOf(AsymmetricAlgorithm key) => key switch
    {
        ECDsa ec => ec.ExportParameters(includePrivateParameters: false).Curve.Oid.Value switch
        {
            Prime256v1 => KeyAlgorithm.EcP256,
            Secp384r1 => KeyAlgorithm.EcP384,
            var curve => throw new CryptographicException($"EC keys on curve {curve} cannot sign for a CA; P-256 and P-384 can"),
        },
        RSA rsa => rsa.KeySize switch
        {
            2048 => KeyAlgorithm.Rsa2048,
            3072 => KeyAlgorithm.Rsa3072,
            4096 => KeyAlgorithm.Rsa4096,
            var bits => throw new CryptographicException($"RSA keys of {bits} bits cannot sign for a CA; 2048, 3072 and 4096 can"),
        },
        _ => throw new CryptographicException("unknown kind of key"),
    };

    // CBC does not notice a flipped bit: without this, a damaged scalar beside a whole public key would sign rubbish.
    private static void CheckPair(AsymmetricAlgorithm key)
    {
        var probe = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
        var matches = key switch
        {
            ECDsa ec => ec.VerifyHash(probe, ec.SignHash(probe)),
            RSA rsa => rsa.VerifyHash(probe, rsa.SignHash(probe, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1),
            _ => false,
        };
        if (!matches) throw new CryptographicException("its private and public halves do not belong together");
    }

    private static string AlgorithmOf(ReadOnlyMemory<byte> pkcs8)
    {
        try
        {
            var info = new AsnReader(pkcs8, AsnEncodingRules.BER).ReadSequence();
            info.ReadInteger();
            return info.ReadSequence().ReadObjectIdentifier();
        }
        catch (AsnContentException cause)
        {
            throw new CryptographicException("it is no PrivateKeyInfo", cause);
        }
    }
}
