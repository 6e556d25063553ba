using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>What the platform reads in the signed certificate is not what was to be issued.</summary>
internal sealed class ReadBackException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// Looks at the signed certificate as a stranger would: the platform's decoders (<see cref="IssuedReading"/>), not the library
/// that built it, and the issuer's public key.
/// </summary>
internal static class ReadBack
{
    // Those of the table in the room's README: what else stood there would say something that nobody decided.
    private static readonly FrozenSet<string> Extensions =
        FrozenSet.Create("2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.35", "2.5.29.37", "1.3.6.1.5.5.7.1.1");

    /// <exception cref="ReadBackException">Something is other than recorded or specified; the message says what.</exception>
    public static void Check(byte[] der, ReadOnlyMemory<byte> recorded, CertificateSpec spec, SerialNumber serial, IssuerReading issuer)
    {
        try
        {
            var (tbs, algorithm, signature) = SignedCertificate.TakeApart(der);
            Require(tbs.Span.SequenceEqual(recorded.Span), "its bytes are not the recorded ones");
            Require(issuer.Key.Verify(issuer.Scheme, tbs.Span, signature, EcdsaEncoding.Der), "its signature does not verify under the issuer's key");
            var certificate = IssuedReading.Of(tbs);
            // RFC 5280 §4.1.1.2: what is signed says the same.
            Require(certificate.Algorithm.Span.SequenceEqual(algorithm.Span), "its two signature algorithms differ");
            CheckFields(certificate, spec, serial, issuer);
            CheckExtensions(certificate, spec);
        }
        catch (Exception cause) when (cause is CryptographicException or AsnContentException)
        {
            throw new ReadBackException($"the signed certificate cannot be read: {cause.Message}", cause);
        }
    }

    private static void CheckFields(IssuedReading certificate, CertificateSpec spec, SerialNumber serial, IssuerReading issuer)
    {
        Require(certificate.Serial.Span.SequenceEqual(serial.Bytes.Span), "its serial number is another");
        Require(certificate.PublicKey.Span.SequenceEqual(spec.Key.SubjectPublicKeyInfo.Span), "its key is another");
        Require(certificate.NotBefore == spec.NotBefore, "it starts at another time");
        Require(certificate.NotAfter == spec.NotAfter, "it ends at another time");
        var issuerName = spec.Role.IsSelfSigned() ? certificate.Subject : issuer.Facts.SubjectName;
        Require(certificate.Issuer.Span.SequenceEqual(issuerName.Span), "its issuer is another");
        var subject = certificate.SubjectTexts();
        Require(spec.SubjectCommonName.Length == 0 ? subject.Count == 0 : subject is [{ } name] && name == spec.SubjectCommonName, "its subject is another");
    }

    private static void CheckExtensions(IssuedReading certificate, CertificateSpec spec)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var oid in certificate.Oids)
        {
            Require(Extensions.Contains(oid), $"it has the extension {oid}, which no certificate of ours has");
            Require(seen.Add(oid), $"it has the extension {oid} twice");
        }
        var constraints = certificate.Constraints();
        Require(constraints is not null && constraints.CertificateAuthority == spec.Role.IsAuthority(), "it is an authority where it must not be, or the reverse");
        Require(constraints!.HasPathLengthConstraint == spec.Role.IsAuthority() && (!spec.Role.IsAuthority() || constraints.PathLengthConstraint == spec.EffectivePathLength),
            "its path length is another");
        // The platform reads these as BER; as it would write them, they are DER and critical (§4.2.1.9).
        var written = new X509BasicConstraintsExtension(constraints.CertificateAuthority, constraints.HasPathLengthConstraint, constraints.PathLengthConstraint, critical: true);
        Require(constraints.Critical && constraints.RawData.AsSpan().SequenceEqual(written.RawData), "its basic constraints are written in another way");
        var expected = spec.Names.Select(name => name.ToString()).ToList();
        if (spec.UriSan is { } uri) expected.Add("uri:" + uri);
        Require(certificate.Names().Order(StringComparer.Ordinal).SequenceEqual(expected.Order(StringComparer.Ordinal), StringComparer.Ordinal), "its names are others");
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds) throw new ReadBackException($"the signed certificate is not the one that was to be issued: {fault}");
    }
}
