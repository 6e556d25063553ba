using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>What the platform reads in the signed certificate is not what was to be issued.</summary>
internal sealed class ReadBackException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// Looks at the signed certificate as a stranger would: the platform's reader, not the library that built it, and the
/// issuer's public key.
/// </summary>
internal static class ReadBack
{
    /// <exception cref="ReadBackException">Something is other than recorded or specified; the message says what.</exception>
    public static void Check(byte[] der, ReadOnlyMemory<byte> recorded, CertificateSpec spec, SerialNumber serial, IssuerReading issuer)
    {
        try
        {
            CheckSignature(der, recorded, issuer);
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            CheckFields(certificate, spec, serial, issuer);
            CheckNames(certificate, spec);
        }
        catch (Exception cause) when (cause is CryptographicException or AsnContentException)
        {
            throw new ReadBackException($"the signed certificate cannot be read: {cause.Message}", cause);
        }
    }

    private static void CheckSignature(byte[] der, ReadOnlyMemory<byte> recorded, IssuerReading issuer)
    {
        var (tbs, _, signature) = SignedCertificate.TakeApart(der);
        Require(tbs.Span.SequenceEqual(recorded.Span), "its bytes are not the recorded ones");
        Require(issuer.Key.Verify(issuer.Scheme, tbs.Span, signature, EcdsaEncoding.Der), "its signature does not verify under the issuer's key");
    }

    private static void CheckFields(X509Certificate2 certificate, CertificateSpec spec, SerialNumber serial, IssuerReading issuer)
    {
        Require(certificate.Version == 3, $"it has version {certificate.Version}");
        Require(certificate.SerialNumberBytes.Span.SequenceEqual(serial.Bytes.Span), "its serial number is another");
        Require(certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(spec.Key.SubjectPublicKeyInfo.Span), "its key is another");
        Require(new DateTimeOffset(certificate.NotBefore) == spec.NotBefore, "it starts at another time");
        Require(new DateTimeOffset(certificate.NotAfter) == spec.NotAfter, "it ends at another time");
        var issuerName = spec.Role.IsSelfSigned() ? certificate.SubjectName.RawData : issuer.Facts.SubjectName.ToArray();
        Require(certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuerName), "its issuer is another");
        var subject = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Select(part => part.GetSingleElementType().Value == CommonName ? part.GetSingleElementValue() : null).ToList();
        Require(spec.SubjectCommonName.Length == 0 ? subject.Count == 0 : subject is [{ } name] && name == spec.SubjectCommonName, "its subject is another");
        var constraints = certificate.Extensions.OfType<X509BasicConstraintsExtension>().SingleOrDefault();
        Require(constraints is not null && constraints.CertificateAuthority == spec.Role.IsAuthority(), "it is an authority where it must not be, or the reverse");
        Require(constraints!.HasPathLengthConstraint == spec.Role.IsAuthority() && (!spec.Role.IsAuthority() || constraints.PathLengthConstraint == spec.EffectivePathLength),
            "its path length is another");
    }

    private static void CheckNames(X509Certificate2 certificate, CertificateSpec spec)
    {
        var found = new List<string>();
        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            found.AddRange(extension.EnumerateDnsNames().Select(name => "dns:" + name));
            found.AddRange(extension.EnumerateIPAddresses().Select(address => "ip:" + address));
            found.AddRange(OtherNames(extension.RawData));
        }
        var expected = spec.Names.Select(name => name.ToString()).ToList();
        if (spec.UriSan is { } uri) expected.Add("uri:" + uri);
        Require(found.Order(StringComparer.Ordinal).SequenceEqual(expected.Order(StringComparer.Ordinal), StringComparer.Ordinal), "its names are others");
    }

    // The platform lists dns names and addresses alone; whatever else is there must not hide.
    private static IEnumerable<string> OtherNames(byte[] extension)
    {
        var names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            var tag = names.PeekTag();
            if (tag.TagValue == UriTag) yield return "uri:" + names.ReadCharacterString(UniversalTagNumber.IA5String, tag);
            else if (names.ReadEncodedValue() is var _ && tag.TagValue is not (DnsTag or IpTag)) yield return $"[{tag.TagValue}]";
        }
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds) throw new ReadBackException($"the signed certificate is not the one that was to be issued: {fault}");
    }

    private const string CommonName = "2.5.4.3";
    private const int DnsTag = 2, UriTag = 6, IpTag = 7;
}
