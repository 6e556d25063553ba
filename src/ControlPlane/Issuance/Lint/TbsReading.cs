using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Numerics;

namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>A TBSCertificate taken into its fields (RFC 5280 §4.1), each kept as the bytes it has; nothing is judged here.</summary>
internal sealed record TbsReading
{
    private static readonly Asn1Tag VersionTag = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag IssuerIdTag = new(TagClass.ContextSpecific, 1), SubjectIdTag = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 3, isConstructed: true);

    /// <summary>Bytes after the SEQUENCE.</summary>
    public required int Trailing { get; init; }

    /// <summary>Null when the field is absent, which is version 1.</summary>
    public required BigInteger? Version { get; init; }

    /// <summary>Content octets of the INTEGER.</summary>
    public required ReadOnlyMemory<byte> Serial { get; init; }

    public required ReadOnlyMemory<byte> SignatureAlgorithm { get; init; }

    public required ReadOnlyMemory<byte> Issuer { get; init; }

    /// <summary>The two times with their tags.</summary>
    public required ReadOnlyMemory<byte> NotBefore { get; init; }

    public required ReadOnlyMemory<byte> NotAfter { get; init; }

    public required ReadOnlyMemory<byte> Subject { get; init; }

    public required ReadOnlyMemory<byte> PublicKey { get; init; }

    /// <summary>One of the two unique identifiers is there.</summary>
    public required bool HasUniqueIdentifiers { get; init; }

    public required ImmutableArray<TbsExtension> Extensions { get; init; }

    /// <exception cref="AsnContentException">It is not strict DER, or has other fields.</exception>
    public static TbsReading Read(ReadOnlyMemory<byte> tbs)
    {
        var file = new AsnReader(tbs, AsnEncodingRules.DER);
        var whole = file.PeekEncodedValue();
        StrictDer.Check(whole);
        var fields = file.ReadSequence();
        var version = ReadVersion(fields);
        var serial = fields.ReadIntegerBytes();
        var algorithm = ReadSequenceAsItIs(fields);
        var issuer = ReadSequenceAsItIs(fields);
        var validity = fields.ReadSequence();
        var notBefore = validity.ReadEncodedValue();
        var notAfter = validity.ReadEncodedValue();
        validity.ThrowIfNotEmpty();
        var subject = ReadSequenceAsItIs(fields);
        var key = ReadSequenceAsItIs(fields);
        var unique = Skip(fields, IssuerIdTag) | Skip(fields, SubjectIdTag);
        var extensions = ReadExtensions(fields);
        fields.ThrowIfNotEmpty();
        return new TbsReading
        {
            Trailing = tbs.Length - whole.Length,
            Version = version,
            Serial = serial,
            SignatureAlgorithm = algorithm,
            Issuer = issuer,
            NotBefore = notBefore,
            NotAfter = notAfter,
            Subject = subject,
            PublicKey = key,
            HasUniqueIdentifiers = unique,
            Extensions = extensions,
        };
    }

    private static ReadOnlyMemory<byte> ReadSequenceAsItIs(AsnReader fields) => fields.PeekTag() == Asn1Tag.Sequence
        ? fields.ReadEncodedValue()
        : throw new AsnContentException($"a {fields.PeekTag()} stands where a SEQUENCE belongs");

    private static BigInteger? ReadVersion(AsnReader fields)
    {
        if (!fields.PeekTag().HasSameClassAndValue(VersionTag)) return null;
        var explicitVersion = fields.ReadSequence(VersionTag);
        var version = explicitVersion.ReadInteger();
        explicitVersion.ThrowIfNotEmpty();
        return version;
    }

    private static bool Skip(AsnReader fields, Asn1Tag tag)
    {
        if (!fields.HasData || !fields.PeekTag().HasSameClassAndValue(tag)) return false;
        fields.ReadEncodedValue();
        return true;
    }

    private static ImmutableArray<TbsExtension> ReadExtensions(AsnReader fields)
    {
        if (!fields.HasData) return [];
        var wrapper = fields.ReadSequence(ExtensionsTag);
        var list = wrapper.ReadSequence();
        wrapper.ThrowIfNotEmpty();
        return TbsExtension.ReadAll(list);
    }
}

/// <summary>An extension; <paramref name="Value"/> is the content of its OCTET STRING.</summary>
internal sealed record TbsExtension(string Oid, bool Critical, byte[] Value)
{
    /// <summary>The extension's one SEQUENCE, with nothing after it.</summary>
    public AsnReader Sequence()
    {
        var reader = new AsnReader(Value, AsnEncodingRules.DER);
        var content = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        return content;
    }

    /// <summary>Extensions ::= SEQUENCE OF Extension, of certificates, revocation lists and their entries.</summary>
    public static ImmutableArray<TbsExtension> ReadAll(AsnReader list)
    {
        var extensions = ImmutableArray.CreateBuilder<TbsExtension>();
        while (list.HasData)
        {
            var extension = list.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var critical = false;
            if (extension.HasData && extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean))
            {
                critical = extension.ReadBoolean();
                // X.690 §11.5: a default value is left out.
                if (!critical) throw new AsnContentException($"extension {oid} writes its default criticality");
            }
            extensions.Add(new TbsExtension(oid, critical, extension.ReadOctetString()));
            extension.ThrowIfNotEmpty();
        }
        return extensions.ToImmutable();
    }
}
