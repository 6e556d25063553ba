using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>
/// A signed certificate in its fields (RFC 5280 §4.1), for the last look: taken apart as strict DER, names and extensions by the
/// platform's own decoders. It shares no code with the builder, which is BouncyCastle's, nor with the lint.
/// </summary>
/// <remarks>
/// Not by <see cref="X509CertificateLoader"/>: OpenSSL makes a key object of the public key while it reads a certificate, which
/// costs more than everything else here, and takes BER and bytes that no rule of ours would let pass. A test holds both
/// readings against each other.
/// </remarks>
internal sealed class IssuedReading
{
    private const int VersionThree = 2;
    private static readonly Asn1Tag VersionTag = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 3, isConstructed: true);
    private readonly List<Extension> extensions = [];

    private IssuedReading(ReadOnlyMemory<byte> tbs)
    {
        var file = new AsnReader(tbs, AsnEncodingRules.DER);
        var fields = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var version = fields.ReadSequence(VersionTag);
        if (!version.TryReadInt32(out var number) || number != VersionThree) throw new AsnContentException("it has another version than 3 (written as 2)");
        version.ThrowIfNotEmpty();
        Serial = fields.ReadIntegerBytes();
        Algorithm = fields.ReadEncodedValue();
        Issuer = fields.ReadEncodedValue();
        var validity = fields.ReadSequence();
        (NotBefore, NotAfter) = (ReadTime(validity), ReadTime(validity));
        validity.ThrowIfNotEmpty();
        Subject = fields.ReadEncodedValue();
        PublicKey = fields.ReadEncodedValue();
        // Unique identifiers would stand here: nothing but extensions may follow.
        ReadExtensions(fields.ReadSequence(ExtensionsTag));
        fields.ThrowIfNotEmpty();
    }

    /// <summary>Content octets of the INTEGER.</summary>
    public ReadOnlyMemory<byte> Serial { get; }

    public ReadOnlyMemory<byte> Algorithm { get; }

    public ReadOnlyMemory<byte> Issuer { get; }

    public DateTimeOffset NotBefore { get; }

    public DateTimeOffset NotAfter { get; }

    public ReadOnlyMemory<byte> Subject { get; }

    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Their object identifiers, in their order.</summary>
    public IEnumerable<string> Oids => extensions.Select(extension => extension.Oid);

    /// <exception cref="AsnContentException">It is not DER, or has other fields than a certificate of ours.</exception>
    public static IssuedReading Of(ReadOnlyMemory<byte> tbs) => new(tbs);

    /// <summary>The texts of a subject that has common names only; null stands for any other attribute.</summary>
    /// <exception cref="CryptographicException">It is no name.</exception>
    public List<string?> SubjectTexts() =>
    [
        .. new X500DistinguishedName(Subject.Span).EnumerateRelativeDistinguishedNames()
            .Select(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName ? part.GetSingleElementValue() : null),
    ];

    /// <summary>The basic constraints; null when there are none.</summary>
    public X509BasicConstraintsExtension? Constraints() =>
        Find(BasicConstraints) is { } found ? new(new AsnEncodedData(new Oid(found.Oid, null), found.Value), found.Critical) : null;

    /// <summary>All subject alternative names, by kind: <c>dns:…</c>, <c>ip:…</c>, <c>uri:…</c>; a number in brackets is any other kind.</summary>
    public IEnumerable<string> Names()
    {
        if (Find(AlternativeNames) is not { } found) return [];
        var names = new X509SubjectAlternativeNameExtension(found.Value, found.Critical);
        return names.EnumerateDnsNames().Select(name => "dns:" + name)
            .Concat(names.EnumerateIPAddresses().Select(address => "ip:" + address))
            .Concat(OtherNames(found.Value));
    }

    private Extension? Find(string oid) => extensions.Find(extension => extension.Oid == oid);

    // §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on. DER has both with seconds and Z.
    private static DateTimeOffset ReadTime(AsnReader validity)
    {
        var isUtcTime = validity.PeekTag() == Asn1Tag.UtcTime;
        var time = isUtcTime ? validity.ReadUtcTime() : validity.ReadGeneralizedTime();
        return time.Year < FirstGeneralizedYear == isUtcTime ? time : throw new AsnContentException($"the time {time:u} is written in the form of other years");
    }

    private void ReadExtensions(AsnReader wrapper)
    {
        var list = wrapper.ReadSequence();
        wrapper.ThrowIfNotEmpty();
        while (list.HasData)
        {
            var extension = list.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var isMarked = extension.PeekTag() == Asn1Tag.Boolean;
            // X.690 §11.5: the default is left out.
            if (isMarked && !extension.ReadBoolean()) throw new AsnContentException($"the extension {oid} writes that it is not critical");
            extensions.Add(new Extension(oid, isMarked, extension.ReadOctetString()));
            extension.ThrowIfNotEmpty();
        }
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

    private sealed record Extension(string Oid, bool Critical, byte[] Value);

    private const string CommonName = "2.5.4.3", BasicConstraints = "2.5.29.19", AlternativeNames = "2.5.29.17";
    private const int DnsTag = 2, UriTag = 6, IpTag = 7, FirstGeneralizedYear = 2050;
}
