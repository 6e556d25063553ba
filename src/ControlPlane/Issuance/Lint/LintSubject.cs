using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Text;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>What the rules look at: the reading, and what it is held against.</summary>
internal sealed record LintSubject(TbsReading Tbs, CertificateSpec Spec, SerialNumber Serial, IssuerFacts Issuer)
{
    private static readonly byte[] EmptyName = [0x30, 0x00];
    private ImmutableArray<RawName>? names;
    private TimeReading? notBefore, notAfter;

    /// <exception cref="AsnContentException">It is no time.</exception>
    public TimeReading NotBefore => notBefore ??= TimeReading.Read(Tbs.NotBefore);

    /// <exception cref="AsnContentException">It is no time.</exception>
    public TimeReading NotAfter => notAfter ??= TimeReading.Read(Tbs.NotAfter);

    /// <summary>The subject is the empty sequence.</summary>
    public bool SubjectIsEmpty => Tbs.Subject.Span.SequenceEqual(EmptyName);

    /// <summary>The issuer's field is the empty sequence.</summary>
    public bool IssuerIsEmpty => Tbs.Issuer.Span.SequenceEqual(EmptyName);

    /// <summary>The first extension of that kind; duplicates are another rule's.</summary>
    public TbsExtension? Find(string oid)
    {
        foreach (var extension in Tbs.Extensions)
            if (extension.Oid == oid) return extension;
        return null;
    }

    /// <summary>The subject alternative names; empty without the extension.</summary>
    public ImmutableArray<RawName> AlternativeNames() =>
        names ??= Find(Oids.SubjectAlternativeName) is { } extension ? RawName.ReadAll(extension.Sequence()) : [];
}

/// <summary>A GeneralName: its context tag and content octets (RFC 5280 §4.2.1.6).</summary>
internal sealed record RawName(int Tag, byte[] Content)
{
    public const int Email = 1, Dns = 2, Directory = 4, Uri = 6, Ip = 7;

    public string Text => Content.AsSpan().ContainsAnyExceptInRange((byte)0x20, (byte)0x7E)
        ? string.Concat(Content.Select(octet => octet is >= 0x20 and < 0x7F ? ((char)octet).ToString() : $"\\x{octet:x2}"))
        : Encoding.ASCII.GetString(Content);

    public static ImmutableArray<RawName> ReadAll(AsnReader names)
    {
        var found = ImmutableArray.CreateBuilder<RawName>();
        while (names.HasData) found.Add(Read(names));
        return found.ToImmutable();
    }

    public static RawName Read(AsnReader names)
    {
        var tag = names.PeekTag();
        // otherName, x400Address, directoryName (explicit: a CHOICE) and ediPartyName are constructed, the others primitive.
        if (tag.TagClass != TagClass.ContextSpecific || tag.IsConstructed != (tag.TagValue is 0 or 3 or 4 or 5))
            throw new AsnContentException($"{tag} is no GeneralName");
        var content = names.PeekContentBytes().ToArray();
        names.ReadEncodedValue();
        return new RawName(tag.TagValue, content);
    }
}
