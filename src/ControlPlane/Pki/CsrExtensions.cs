using System.Formats.Asn1;
using System.Net;
using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>The requested extensions of a CSR: names are read, CA:TRUE is refused, must-staple noted, the rest ignored.</summary>
internal sealed class CsrExtensions
{
    private const string NamesOid = "2.5.29.17", BasicConstraintsOid = "2.5.29.19", TlsFeatureOid = "1.3.6.1.5.5.7.1.24";
    private const int StatusRequest = 5; // RFC 6066 §8

    /// <summary>The subject alternative names; null when the extension is not there.</summary>
    public List<Identifier>? Names { get; private set; }

    public bool MustStaple { get; private set; }

    /// <summary>Reads Extensions (RFC 5280 §4.1).</summary>
    public void Read(AsnReader extensions)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            if (extension.PeekTag() == Asn1Tag.Boolean) extension.ReadBoolean();
            var value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (!seen.Add(oid)) throw CertificateSigningRequest.Refused($"the CSR requests the extension {oid} twice");
            if (oid is not (NamesOid or BasicConstraintsOid or TlsFeatureOid)) continue;
            var content = new AsnReader(value, AsnEncodingRules.DER);
            var sequence = content.ReadSequence();
            content.ThrowIfNotEmpty();
            switch (oid)
            {
                case NamesOid: Names = ReadNames(sequence); break;
                case BasicConstraintsOid: RefuseAuthority(sequence); break;
                default: ReadFeatures(sequence); break;
            }
        }
    }

    private static List<Identifier> ReadNames(AsnReader names)
    {
        var found = new List<Identifier>();
        while (names.HasData) found.Add(ReadName(names));
        return found.Count > 0 ? found : throw CertificateSigningRequest.Refused("the CSR's subject alternative names are empty");
    }

    private static Identifier ReadName(AsnReader names)
    {
        var tag = names.PeekTag();
        if (tag.TagClass != TagClass.ContextSpecific) throw new AsnContentException("no GeneralName");
        switch (tag.TagValue)
        {
            case 2:
                var text = Encoding.Latin1.GetString(names.ReadOctetString(tag));
                return Identifier.TryParse("dns", text, out var name, out _, out var detail)
                    ? name
                    : throw CertificateSigningRequest.Refused($"the CSR is refused: {detail}");
            case 7:
                return ReadAddress(names.ReadOctetString(tag));
            default:
                throw CertificateSigningRequest.Refused($"the CSR has a subject alternative name of the type {Describe(tag, names)}; only dns names and IP addresses are accepted");
        }
    }

    private static Identifier ReadAddress(byte[] octets)
    {
        if (octets.Length is not (4 or 16)) throw CertificateSigningRequest.Refused($"the CSR has an IP address of {octets.Length} octets");
        try
        {
            return Identifier.FromAddress(new IPAddress(octets));
        }
        catch (RefusalException e)
        {
            throw CertificateSigningRequest.Refused($"the CSR is refused: {e.Detail}");
        }
    }

    /// <summary>The GeneralName's type, with its value where that is text (RFC 5280 §4.2.1.6).</summary>
    private static string Describe(Asn1Tag tag, AsnReader names) => tag.TagValue switch
    {
        0 => "otherName",
        1 => $"rfc822Name ({Excerpt.Of(Encoding.Latin1.GetString(names.ReadOctetString(tag)))})",
        3 => "x400Address",
        4 => "directoryName",
        5 => "ediPartyName",
        6 => $"uniformResourceIdentifier ({Excerpt.Of(Encoding.Latin1.GetString(names.ReadOctetString(tag)))})",
        8 => $"registeredID ({names.ReadObjectIdentifier(tag)})",
        _ => $"[{tag.TagValue}], which does not exist",
    };

    private static void RefuseAuthority(AsnReader constraints)
    {
        if (constraints.HasData && constraints.PeekTag() == Asn1Tag.Boolean && constraints.ReadBoolean())
            throw CertificateSigningRequest.Refused("the CSR asks for a CA certificate (basicConstraints CA:TRUE)");
    }

    private void ReadFeatures(AsnReader features)
    {
        while (features.HasData)
        {
            if (features.TryReadInt32(out var feature) && feature == StatusRequest) MustStaple = true;
        }
    }
}
