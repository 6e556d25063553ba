using System.Formats.Asn1;
using System.Net;
using System.Text;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>One reading of one PKCS#10 request, from its outside to its inside.</summary>
internal sealed class CsrReader(ReadOnlyMemory<byte> der)
{
    private const string CommonNameOid = "2.5.4.3", ExtensionRequestOid = "1.2.840.113549.1.9.14";
    private static readonly AsnReaderOptions Lenient = new() { SkipSetSortOrderVerification = true }; // attributes in any order
    private static readonly Asn1Tag AttributesTag = new(TagClass.ContextSpecific, 0, isConstructed: true);

    /// <summary>What is being read, for the sentence when it cannot be.</summary>
    public string Part { get; private set; } = "its outermost structure";

    public CertificateSigningRequest Read(bool keyOnly)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER, Lenient);
        var request = outer.ReadSequence();
        if (outer.HasData) throw CertificateSigningRequest.Refused("the CSR is followed by other data");
        var toBeVerified = request.PeekEncodedValue();
        var info = request.ReadSequence();

        Part = "its version";
        if (!info.TryReadInt32(out var version) || version != 0)
            throw CertificateSigningRequest.Refused("the CSR has another version than 1 (written as 0)");
        Part = "its subject";
        var commonNames = ReadCommonNames(info.ReadSequence());
        Part = "its public key";
        var key = PublicKey.FromSubjectPublicKeyInfo(info.ReadEncodedValue());
        Part = "its attributes";
        var extensions = new CsrExtensions();
        if (info.HasData) ReadAttributes(info.ReadSetOf(AttributesTag), extensions);
        info.ThrowIfNotEmpty();

        VerifySignature(request, toBeVerified, key);
        if (keyOnly) return new CertificateSigningRequest { Key = key, Names = [], MustStaple = extensions.MustStaple };
        Part = "its names";
        var names = Names(extensions.Names, commonNames);
        return new CertificateSigningRequest { Key = key, Names = [.. names], MustStaple = extensions.MustStaple };
    }

    private static List<string> ReadCommonNames(AsnReader subject)
    {
        var found = new List<string>();
        while (subject.HasData)
        {
            var relative = subject.ReadSetOf();
            while (relative.HasData)
            {
                var attribute = relative.ReadSequence();
                var oid = attribute.ReadObjectIdentifier();
                var tag = attribute.PeekTag();
                var content = attribute.PeekContentBytes().Span;
                attribute.ReadEncodedValue();
                attribute.ThrowIfNotEmpty();
                if (oid == CommonNameOid) found.Add(Text(tag, content));
            }
        }
        return found;
    }

    // Many clients put characters into a PrintableString that it must not have ('*'); what counts is whether it is a name.
    private static string Text(Asn1Tag tag, ReadOnlySpan<byte> content) => (UniversalTagNumber)tag.TagValue switch
    {
        UniversalTagNumber.UTF8String => Encoding.UTF8.GetString(content),
        UniversalTagNumber.BMPString => Encoding.BigEndianUnicode.GetString(content),
        _ => Encoding.Latin1.GetString(content),
    };

    private void ReadAttributes(AsnReader attributes, CsrExtensions extensions)
    {
        var seen = false;
        while (attributes.HasData)
        {
            var attribute = attributes.ReadSequence();
            var oid = attribute.ReadObjectIdentifier();
            var values = attribute.ReadSetOf();
            attribute.ThrowIfNotEmpty();
            if (oid != ExtensionRequestOid) continue; // challenge passwords and the like
            if (seen) throw CertificateSigningRequest.Refused("the CSR has the attribute extensionRequest twice");
            seen = true;
            Part = "its requested extensions";
            extensions.Read(values.ReadSequence());
            if (values.HasData) throw CertificateSigningRequest.Refused("the CSR's attribute extensionRequest has several values");
        }
    }

    private void VerifySignature(AsnReader request, ReadOnlyMemory<byte> toBeVerified, PublicKey key)
    {
        Part = "its signature algorithm";
        var algorithm = request.ReadSequence();
        var oid = algorithm.ReadObjectIdentifier();
        var scheme = Scheme(oid);
        // RFC 4055 §5 wants NULL for RSA and tolerates its absence; the others have no parameters (RFC 5758 §3.2, RFC 8410 §3).
        if (algorithm.HasData && key.Type == KeyType.Rsa) algorithm.ReadNull();
        algorithm.ThrowIfNotEmpty();
        Part = "its signature";
        var signature = request.ReadBitString(out var unused);
        request.ThrowIfNotEmpty();
        if (unused != 0 || !key.Verify(scheme, toBeVerified.Span, signature, EcdsaEncoding.Der))
            throw CertificateSigningRequest.Refused("the CSR's signature does not verify with the key in it");
    }

    private static SignatureScheme Scheme(string oid) => oid switch
    {
        "1.2.840.113549.1.1.11" => SignatureScheme.RsaPkcs1Sha256,
        "1.2.840.113549.1.1.12" => SignatureScheme.RsaPkcs1Sha384,
        "1.2.840.113549.1.1.13" => SignatureScheme.RsaPkcs1Sha512,
        "1.2.840.10045.4.3.2" => SignatureScheme.EcdsaSha256,
        "1.2.840.10045.4.3.3" => SignatureScheme.EcdsaSha384,
        "1.2.840.10045.4.3.4" => SignatureScheme.EcdsaSha512,
        "1.3.101.112" => SignatureScheme.Ed25519,
        _ => throw CertificateSigningRequest.Refused($"the CSR is signed with {KnownOids.Describe(oid)}; "
            + "RSA (PKCS #1 v1.5) or ECDSA with SHA-256, SHA-384 or SHA-512, and Ed25519 are accepted"),
    };

    /// <summary>RFC 8555 §7.4: a common name is one of the names; alone, it is the name.</summary>
    private static List<Identifier> Names(List<Identifier>? alternative, List<string> commonNames)
    {
        var names = alternative ?? [];
        foreach (var commonName in commonNames.Where(c => c.Length > 0))
        {
            if (IPAddress.TryParse(commonName, out _))
                throw CertificateSigningRequest.Refused($"the CSR's common name {Excerpt.Of(commonName)} is an IP address; it belongs among the subject alternative names only");
            if (!Identifier.TryParse("dns", commonName, out var name, out _, out var detail))
                throw CertificateSigningRequest.Refused($"the CSR's common name is no dns name: {detail}");
            if (alternative is null) names.Add(name);
            else if (!alternative.Contains(name))
                throw CertificateSigningRequest.Refused($"the CSR's common name {Excerpt.Of(commonName)} is not among its subject alternative names");
        }
        return names.Count > 0
            ? [.. names.Distinct()]
            : throw CertificateSigningRequest.Refused("the CSR has no subject alternative name and no common name");
    }
}
