using System.Collections.Immutable;
using System.Formats.Asn1;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Acme.Challenges.TlsAlpn01;

/// <summary>An extension as it stands in a certificate.</summary>
internal sealed record CertificateExtension(string Oid, bool Critical, ReadOnlyMemory<byte> Value);

/// <summary>The extensions of a certificate that signed itself (RFC 5280 §4.1); a fault says why it is none.</summary>
internal sealed record SelfSignedCertificate(ImmutableArray<CertificateExtension> Extensions, string? Fault)
{
    private static readonly Asn1Tag VersionTag = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 3, isConstructed: true);

    public CertificateExtension? Find(string oid) => Extensions.FirstOrDefault(extension => extension.Oid == oid);

    /// <exception cref="AsnContentException">It is not DER, or not a certificate.</exception>
    /// <exception cref="PublicKeyException">Its key is not accepted.</exception>
    public static SelfSignedCertificate Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var signed = certificate.PeekEncodedValue();
        var body = certificate.ReadSequence();
        if (!body.HasData || body.PeekTag() != VersionTag) return Refused("is of version 1, which has no extensions");
        body.ReadEncodedValue();
        body.ReadIntegerBytes();
        var innerAlgorithm = body.ReadEncodedValue();
        var issuer = body.ReadEncodedValue();
        body.ReadEncodedValue();
        var subject = body.ReadEncodedValue();
        var keyInfo = body.ReadEncodedValue();
        if (!issuer.Span.SequenceEqual(subject.Span)) return Refused("is not self-signed: its issuer is not its subject");
        var algorithm = certificate.ReadEncodedValue();
        if (!algorithm.Span.SequenceEqual(innerAlgorithm.Span)) return Refused("names two signature algorithms");
        var signature = certificate.ReadBitString(out var unused);
        certificate.ThrowIfNotEmpty();
        var oid = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier();
        if (Scheme(oid) is not { } scheme) return Refused($"is signed with {KnownOids.Describe(oid)}, which is not accepted");
        if (unused != 0 || !PublicKey.FromSubjectPublicKeyInfo(keyInfo).Verify(scheme, signed.Span, signature, EcdsaEncoding.Der))
            return Refused("is not self-signed: its signature does not verify with its own key");
        return ReadExtensions(body);
    }

    private static SelfSignedCertificate ReadExtensions(AsnReader body)
    {
        var found = ImmutableArray.CreateBuilder<CertificateExtension>();
        while (body.HasData)
        {
            if (body.PeekTag() != ExtensionsTag)
            {
                // The unique ids of X.509 version 2.
                body.ReadEncodedValue();
                continue;
            }
            var tagged = body.ReadSequence(ExtensionsTag);
            var list = tagged.ReadSequence();
            tagged.ThrowIfNotEmpty();
            body.ThrowIfNotEmpty();
            while (list.HasData) found.Add(ReadExtension(list.ReadSequence()));
        }
        var twice = found.GroupBy(extension => extension.Oid, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        return twice is null ? new(found.ToImmutable(), null) : Refused($"has the extension {twice.Key} twice");
    }

    private static CertificateExtension ReadExtension(AsnReader extension)
    {
        var oid = extension.ReadObjectIdentifier();
        var critical = extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean();
        var value = extension.ReadOctetString();
        extension.ThrowIfNotEmpty();
        return new CertificateExtension(oid, critical, value);
    }

    private static SignatureScheme? Scheme(string oid) => oid switch
    {
        "1.2.840.113549.1.1.11" => SignatureScheme.RsaPkcs1Sha256,
        "1.2.840.113549.1.1.12" => SignatureScheme.RsaPkcs1Sha384,
        "1.2.840.113549.1.1.13" => SignatureScheme.RsaPkcs1Sha512,
        "1.2.840.10045.4.3.2" => SignatureScheme.EcdsaSha256,
        "1.2.840.10045.4.3.3" => SignatureScheme.EcdsaSha384,
        "1.2.840.10045.4.3.4" => SignatureScheme.EcdsaSha512,
        "1.3.101.112" => SignatureScheme.Ed25519,
        _ => null,
    };

    private static SelfSignedCertificate Refused(string fault) => new([], fault);
}
