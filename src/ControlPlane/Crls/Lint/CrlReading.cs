using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Numerics;
using GrpcCa.ControlPlane.Issuance.Lint;

namespace GrpcCa.ControlPlane.Crls.Lint;

/// <summary>A TBSCertList taken into its fields (RFC 5280 §5.1.2), each kept as the bytes it has; nothing is judged here.</summary>
internal sealed record CrlReading
{
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 0, isConstructed: true);

    /// <summary>Bytes after the SEQUENCE.</summary>
    public required int Trailing { get; init; }

    /// <summary>Null when the field is absent, which is version 1.</summary>
    public required BigInteger? Version { get; init; }

    public required ReadOnlyMemory<byte> Algorithm { get; init; }

    public required ReadOnlyMemory<byte> Issuer { get; init; }

    /// <summary>The time with its tag.</summary>
    public required ReadOnlyMemory<byte> ThisUpdate { get; init; }

    /// <summary>Null when it is absent.</summary>
    public required ReadOnlyMemory<byte>? NextUpdate { get; init; }

    /// <summary>revokedCertificates with its tag; null when it is absent.</summary>
    public required ReadOnlyMemory<byte>? Entries { get; init; }

    public required ImmutableArray<TbsExtension> Extensions { get; init; }

    /// <summary>The first extension of that kind; duplicates are a rule's.</summary>
    public TbsExtension? Find(string oid) => Extensions.FirstOrDefault(extension => extension.Oid == oid);

    /// <exception cref="AsnContentException">It is not strict DER, or has other fields.</exception>
    public static CrlReading Read(ReadOnlyMemory<byte> tbs)
    {
        var file = new AsnReader(tbs, AsnEncodingRules.DER);
        var whole = file.PeekEncodedValue();
        StrictDer.Check(whole);
        var fields = file.ReadSequence();
        BigInteger? version = fields.PeekTag() == Asn1Tag.Integer ? fields.ReadInteger() : null;
        var algorithm = ReadSequenceAsItIs(fields);
        var issuer = ReadSequenceAsItIs(fields);
        var thisUpdate = fields.ReadEncodedValue();
        var nextUpdate = ReadOptional(fields, IsTime);
        var entries = ReadOptional(fields, tag => tag == Asn1Tag.Sequence);
        var extensions = fields.HasData ? ReadExtensions(fields) : [];
        fields.ThrowIfNotEmpty();
        return new CrlReading
        {
            Trailing = tbs.Length - whole.Length,
            Version = version,
            Algorithm = algorithm,
            Issuer = issuer,
            ThisUpdate = thisUpdate,
            NextUpdate = nextUpdate,
            Entries = entries,
            Extensions = extensions,
        };
    }

    private static ReadOnlyMemory<byte>? ReadOptional(AsnReader fields, Predicate<Asn1Tag> isIt)
    {
        if (!fields.HasData || !isIt(fields.PeekTag())) return null;
        return fields.ReadEncodedValue();
    }

    private static bool IsTime(Asn1Tag tag) => tag == Asn1Tag.UtcTime || tag == Asn1Tag.GeneralizedTime;

    private static ReadOnlyMemory<byte> ReadSequenceAsItIs(AsnReader fields) => fields.PeekTag() == Asn1Tag.Sequence
        ? fields.ReadEncodedValue()
        : throw new AsnContentException($"a {fields.PeekTag()} stands where a SEQUENCE belongs");

    private static ImmutableArray<TbsExtension> ReadExtensions(AsnReader fields)
    {
        var wrapper = fields.ReadSequence(ExtensionsTag);
        var extensions = TbsExtension.ReadAll(wrapper.ReadSequence());
        wrapper.ThrowIfNotEmpty();
        return extensions;
    }
}
