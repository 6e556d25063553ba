using GrpcCa.ControlPlane.Signing;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>A signed list is not what was to be signed.</summary>
internal sealed class CrlSignatureException(string message) : Exception(message);

/// <summary>Checks a fresh signature with the library that did not make it.</summary>
internal static class CrlSignature
{
    /// <exception cref="CrlSignatureException">It does not verify, or the bytes are others.</exception>
    public static void Check(byte[] crl, byte[] recorded, ReadOnlySpan<byte> issuerKey, KeyAlgorithm algorithm)
    {
        var (tbs, _, signature) = SignedCrl.TakeApart(crl);
        if (!tbs.Span.SequenceEqual(recorded)) throw new CrlSignatureException("the signed list is not the recorded one");
        if (!Verifies(algorithm, PublicKeyFactory.CreateKey(SubjectPublicKeyInfo.GetInstance(issuerKey.ToArray())), tbs.Span, signature))
            throw new CrlSignatureException("the list's signature does not verify under the issuer's key");
    }

    private static bool Verifies(KeyAlgorithm algorithm, AsymmetricKeyParameter key, ReadOnlySpan<byte> tbs, byte[] signature) => algorithm switch
    {
        KeyAlgorithm.EcP256 => VerifiesEcdsa(new Sha256Digest(), key, tbs, signature),
        KeyAlgorithm.EcP384 => VerifiesEcdsa(new Sha384Digest(), key, tbs, signature),
        KeyAlgorithm.Rsa2048 or KeyAlgorithm.Rsa3072 or KeyAlgorithm.Rsa4096 => VerifiesRsa(key, tbs, signature),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "unknown kind of key"),
    };

    private static bool VerifiesEcdsa(IDigest digest, AsymmetricKeyParameter key, ReadOnlySpan<byte> tbs, byte[] signature)
    {
        var verifier = new DsaDigestSigner(new ECDsaSigner(), digest, StandardDsaEncoding.Instance);
        verifier.Init(forSigning: false, key);
        verifier.BlockUpdate(tbs);
        return verifier.VerifySignature(signature);
    }

    private static bool VerifiesRsa(AsymmetricKeyParameter key, ReadOnlySpan<byte> tbs, byte[] signature)
    {
        var verifier = new RsaDigestSigner(new Sha256Digest());
        verifier.Init(forSigning: false, key);
        verifier.BlockUpdate(tbs);
        return verifier.VerifySignature(signature);
    }
}
