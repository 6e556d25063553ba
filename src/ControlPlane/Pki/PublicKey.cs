using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>
/// A public key that passed every check of this room: an account's, a certificate's. It verifies signatures; the
/// key object for that is made at the first one and kept, as the platform's costs up to twice what verifying does.
/// </summary>
/// <remarks>
/// Safe for parallel use. The platform promises nothing for parallel calls on one key object of its own, hence the lock. The
/// objects are not disposed: keys live in caches and records, and their handles are freed with them.
/// </remarks>
internal sealed partial class PublicKey
{
    private readonly EcCurve? curve;
    private readonly byte[] first, second; // RSA: n and e; EC: x and y; Ed25519: the point and nothing
    private readonly Ed25519.PublicPoint? point;
    private readonly Lock gate = new();
    private volatile OpenSslEcKey? openSsl;
    private AsymmetricAlgorithm? imported;
    private byte[]? sha256;

    private PublicKey(KeyType type, int bits, byte[] first, byte[] second, Ed25519.PublicPoint? point = null)
    {
        (Type, Bits, this.first, this.second, this.point) = (type, bits, first, second, point);
        curve = EcCurve.ByType(type);
        SubjectPublicKeyInfo = Encode();
    }

    public KeyType Type { get; }

    /// <summary>Bits of the modulus or of the curve.</summary>
    public int Bits { get; }

    /// <summary>The kind as profiles write it: <c>EC_P256</c>, <c>RSA_2048</c>, <c>ED25519</c>.</summary>
    public string TypeText => Type switch
    {
        KeyType.Rsa => $"RSA_{Bits}",
        KeyType.Ed25519 => "ED25519",
        _ => $"EC_P{Bits}",
    };

    /// <summary>DER, always in the one canonical form, however the key arrived.</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>SHA-256 of <see cref="SubjectPublicKeyInfo"/>: what keys are compared and looked up by.</summary>
    public byte[] Sha256 => sha256 ??= SHA256.HashData(SubjectPublicKeyInfo.Span);

    public string Sha256Hex => Convert.ToHexStringLower(Sha256);

    /// <summary>RSA: modulus and exponent; EC: the coordinates, each as long as the curve's field; Ed25519: the point and nothing. Big-endian.</summary>
    public (byte[] First, byte[] Second) Numbers => (first, second);

    /// <summary>True when the signature is good; false also when the scheme is not for this kind of key.</summary>
    public bool Verify(
        SignatureScheme scheme, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, EcdsaEncoding encoding = EcdsaEncoding.Fixed) =>
        scheme switch
        {
            SignatureScheme.EcdsaSha256 => VerifyEcdsa(HashAlgorithmName.SHA256, data, signature, encoding),
            SignatureScheme.EcdsaSha384 => VerifyEcdsa(HashAlgorithmName.SHA384, data, signature, encoding),
            SignatureScheme.EcdsaSha512 => VerifyEcdsa(HashAlgorithmName.SHA512, data, signature, encoding),
            SignatureScheme.RsaPkcs1Sha256 => VerifyRsa(HashAlgorithmName.SHA256, data, signature),
            SignatureScheme.RsaPkcs1Sha384 => VerifyRsa(HashAlgorithmName.SHA384, data, signature),
            SignatureScheme.RsaPkcs1Sha512 => VerifyRsa(HashAlgorithmName.SHA512, data, signature),
            SignatureScheme.Ed25519 => VerifyEd25519(data, signature),
            _ => false,
        };

    private bool VerifyEcdsa(HashAlgorithmName hash, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, EcdsaEncoding encoding)
    {
        if (curve is null) return false;
        if (encoding == EcdsaEncoding.Fixed && (hash != curve.Hash || signature.Length != 2 * curve.Size)) return false;
        if (encoding == EcdsaEncoding.Der && !IsEcdsaDer(signature)) return false;
        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        digest = digest[..CryptographicOperations.HashData(hash, data, digest)];
        if ((openSsl ?? Import()) is { } key) return key.Verify(digest, encoding == EcdsaEncoding.Fixed ? OpenSslEcKey.ToDer(signature) : signature);
        lock (gate)
        {
            imported ??= ECDsa.Create(new ECParameters { Curve = curve.Platform, Q = new ECPoint { X = first, Y = second } });
            var format = encoding == EcdsaEncoding.Fixed ? DSASignatureFormat.IeeeP1363FixedFieldConcatenation : DSASignatureFormat.Rfc3279DerSequence;
            return ((ECDsa)imported).VerifyHash(digest, signature, format);
        }
    }

    private OpenSslEcKey? Import()
    {
        lock (gate) return openSsl ??= imported is null ? OpenSslEcKey.Import(curve!, first, second) : null;
    }

    private bool VerifyRsa(HashAlgorithmName hash, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        // RFC 8017 §8.2.2: the signature is as long as the modulus.
        if (Type != KeyType.Rsa || signature.Length != first.Length) return false;
        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        digest = digest[..CryptographicOperations.HashData(hash, data, digest)];
        lock (gate)
        {
            imported ??= RSA.Create(new RSAParameters { Modulus = first, Exponent = second });
            return ((RSA)imported).VerifyHash(digest, signature, hash, RSASignaturePadding.Pkcs1);
        }
    }

    private bool VerifyEd25519(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        point is not null && signature.Length == Ed25519.SignatureSize
        && Ed25519.Verify(signature.ToArray(), 0, point, data.ToArray(), 0, data.Length);
}
