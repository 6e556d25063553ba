using System.Formats.Asn1;
using System.Net;
using System.Text;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Acme.Challenges.TlsAlpn01;

/// <summary>Reads the certificate of a tls-alpn-01 handshake, strictly (RFC 8737 §3): DER, self-signed, one name, one critical digest.</summary>
internal static class ChallengeCertificate
{
    private const string SubjectAltNameOid = "2.5.29.17", AcmeIdentifierOid = "1.3.6.1.5.5.7.1.31", DraftOid = "1.3.6.1.5.5.7.1.30.1";
    private const int DnsNameTag = 2, AddressTag = 7;

    /// <summary>The rest of a sentence that begins with "the certificate"; null when it proves the name.</summary>
    public static string? WhyRefused(byte[] der, Identifier name, ReadOnlySpan<byte> digest)
    {
        try
        {
            var certificate = SelfSignedCertificate.Read(der);
            if (certificate.Fault is not null) return certificate.Fault;
            return WrongName(certificate, name) ?? WrongDigest(certificate, digest);
        }
        // What the stranger sent is not DER, or not a certificate.
        catch (AsnContentException)
        {
            return "cannot be read: its DER is malformed";
        }
        catch (PublicKeyException fault)
        {
            return $"has a key that is not accepted: {fault.Message}";
        }
    }

    // Boulder, 2022-01: exactly one name, and nothing of another kind beside it.
    private static string? WrongName(SelfSignedCertificate certificate, Identifier name)
    {
        if (certificate.Find(SubjectAltNameOid) is not { } extension) return "has no subjectAltName";
        var outer = new AsnReader(extension.Value, AsnEncodingRules.DER);
        var names = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        if (!names.HasData) return "has an empty subjectAltName";
        var tag = names.PeekTag();
        var content = names.PeekContentBytes();
        names.ReadEncodedValue();
        if (names.HasData) return "has more than one subjectAltName; it must have the name alone";
        if (tag.TagClass != TagClass.ContextSpecific || tag.IsConstructed) return "has a subjectAltName that is no dNSName or iPAddress";
        return name.Address is { } address
            ? WrongAddress(tag.TagValue, content.Span, address)
            : WrongDnsName(tag.TagValue, content.Span, name.Value);
    }

    private static string? WrongAddress(int tag, ReadOnlySpan<byte> content, IPAddress address)
    {
        if (tag != AddressTag) return $"has a subjectAltName that is no iPAddress; {address} was asked for";
        if (content.SequenceEqual(address.GetAddressBytes())) return null;
        return $"has the iPAddress {(content.Length is 4 or 16 ? new IPAddress(content).ToString() : SafeExcerpt.Of(content))}, not {address}";
    }

    private static string? WrongDnsName(int tag, ReadOnlySpan<byte> content, string name)
    {
        if (tag != DnsNameTag) return $"has a subjectAltName that is no dNSName; {name} was asked for";
        return Ascii.EqualsIgnoreCase(content, name) ? null : $"has the dNSName \"{SafeExcerpt.Of(content)}\", not {name}";
    }

    private static string? WrongDigest(SelfSignedCertificate certificate, ReadOnlySpan<byte> digest)
    {
        if (certificate.Find(AcmeIdentifierOid) is not { } extension)
            return certificate.Find(DraftOid) is null
                ? $"has no acmeIdentifier extension ({AcmeIdentifierOid})"
                : $"has the acmeIdentifier extension of an early draft ({DraftOid}), not that of RFC 8737 ({AcmeIdentifierOid})";
        if (!extension.Critical) return "has an acmeIdentifier extension that is not critical";
        var value = new AsnReader(extension.Value, AsnEncodingRules.DER);
        var found = value.ReadOctetString();
        if (value.HasData) return "has an acmeIdentifier extension with more than one OCTET STRING";
        if (found.Length != digest.Length) return $"has an acmeIdentifier of {found.Length} bytes; SHA-256 has {digest.Length}";
        return digest.SequenceEqual(found) ? null
            : $"has the acmeIdentifier {Convert.ToHexStringLower(found)}, which is not the digest of the key authorization ({Convert.ToHexStringLower(digest)})";
    }
}
