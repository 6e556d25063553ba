using System.Runtime.CompilerServices;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Math;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>Makes the bytes that will be recorded and signed; tests put mutants in its place.</summary>
/// <param name="spec">What policy decided.</param>
/// <param name="serial">The new serial number.</param>
/// <param name="signer">The kind of the issuer's key.</param>
internal delegate byte[] BuildTbs(CertificateSpec spec, SerialNumber serial, KeyAlgorithm signer);

/// <summary>
/// Writes a TBSCertificate with BouncyCastle (RFC 5280 §4.1). It judges nothing: the lint reads the result by other means.
/// </summary>
internal static class TbsBuilder
{
    // Issuers are read once for each array that a book hands out, as IssuerReading does; nothing changes them.
    private static readonly ConditionalWeakTable<byte[], X509CertificateStructure> Issuers = [];

    public static byte[] Build(CertificateSpec spec, SerialNumber serial, KeyAlgorithm signer)
    {
        var issuer = spec.Issuer.CertificateDer is { } der ? Issuers.GetValue(der, static issuer => X509CertificateStructure.GetInstance(issuer)) : null;
        var subject = SubjectOf(spec.SubjectCommonName);
        // The bytes as they came: no key object is made of a foreign key (a huge modulus would cost seconds).
        var key = SubjectPublicKeyInfo.GetInstance(Asn1Object.FromByteArray(spec.Key.SubjectPublicKeyInfo.ToArray()));

        var generator = new V3TbsCertificateGenerator();
        generator.SetSerialNumber(new DerInteger(new BigInteger(1, serial.Bytes.ToArray())));
        generator.SetSignature(SignatureAlgorithmOf(signer));
        generator.SetIssuer(issuer?.Subject ?? subject);
        generator.SetStartDate(new Time(spec.NotBefore.UtcDateTime));
        generator.SetEndDate(new Time(spec.NotAfter.UtcDateTime));
        generator.SetSubject(subject);
        generator.SetSubjectPublicKeyInfo(key);
        generator.SetExtensions(TbsExtensions.Of(spec, key, issuer));
        return generator.GenerateTbsCertificate().GetEncoded(Asn1Encodable.Der);
    }

    private static X509Name SubjectOf(string commonName) => X509Name.GetInstance(commonName.Length == 0
        ? new DerSequence()
        : new DerSequence(new DerSet(new DerSequence(X509Name.CN, new DerUtf8String(commonName)))));

    // RFC 5758 §3.2: no parameters for ECDSA; RFC 4055 §5: NULL for RSA.
    internal static AlgorithmIdentifier SignatureAlgorithmOf(KeyAlgorithm signer) => signer switch
    {
        KeyAlgorithm.EcP256 => new(X9ObjectIdentifiers.ECDsaWithSha256),
        KeyAlgorithm.EcP384 => new(X9ObjectIdentifiers.ECDsaWithSha384),
        KeyAlgorithm.Rsa2048 or KeyAlgorithm.Rsa3072 or KeyAlgorithm.Rsa4096 =>
            new(PkcsObjectIdentifiers.Sha256WithRsaEncryption, DerNull.Instance),
        _ => throw new ArgumentOutOfRangeException(nameof(signer), signer, "unknown kind of key"),
    };
}
