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
        var verifier = VerifierOf(algorithm);
        verifier.Init(forSigning: false, PublicKeyFactory.CreateKey(SubjectPublicKeyInfo.GetInstance(issuerKey.ToArray())));
        verifier.BlockUpdate(tbs.Span);
        if (!verifier.VerifySignature(signature)) throw new CrlSignatureException("the list's signature does not verify under the issuer's key");
    }

    private static Org.BouncyCastle.Crypto.ISigner VerifierOf(KeyAlgorithm algorithm) => algorithm switch
    {
        KeyAlgorithm.EcP256 => Ecdsa(new Sha256Digest()),
        KeyAlgorithm.EcP384 => Ecdsa(new Sha384Digest()),
        KeyAlgorithm.Rsa2048 or KeyAlgorithm.Rsa3072 or KeyAlgorithm.Rsa4096 => new RsaDigestSigner(new Sha256Digest()),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "unknown kind of key"),
    };

    private static DsaDigestSigner Ecdsa(IDigest digest) => new(new ECDsaSigner(), digest, StandardDsaEncoding.Instance);
}
