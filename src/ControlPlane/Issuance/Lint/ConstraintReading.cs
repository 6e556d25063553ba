using System.Collections.Immutable;
using System.Formats.Asn1;

namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>NameConstraints as they are written (RFC 5280 §4.2.1.10), and whether a name keeps them.</summary>
internal sealed record ConstraintReading(ImmutableArray<RawName> Permitted, ImmutableArray<RawName> Excluded)
{
    private static readonly Asn1Tag PermittedTag = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag ExcludedTag = new(TagClass.ContextSpecific, 1, isConstructed: true);

    /// <summary>Null for a certificate without them.</summary>
    public static ConstraintReading? Of(TbsReading tbs) =>
        tbs.Extensions.FirstOrDefault(extension => extension.Oid == Oids.NameConstraints) is { } extension ? Of(extension) : null;

    public static ConstraintReading Of(TbsExtension extension)
    {
        var fields = extension.Sequence();
        var reading = new ConstraintReading(Subtrees(fields, PermittedTag), Subtrees(fields, ExcludedTag));
        fields.ThrowIfNotEmpty();
        return reading.Permitted.Length + reading.Excluded.Length > 0 ? reading : throw new AsnContentException("it is an empty sequence");
    }

    /// <summary>Why a name does not keep them; null when it does.</summary>
    public string? FaultOf(RawName name)
    {
        if (Excluded.Any(subtree => subtree.Tag == name.Tag && NameSubtree.Overlaps(subtree, name))) return $"'{Describe(name)}' is excluded";
        var ofItsKind = Permitted.Where(subtree => subtree.Tag == name.Tag).ToList();
        return ofItsKind.Count == 0 || ofItsKind.Any(subtree => NameSubtree.Contains(subtree, name)) ? null : $"'{Describe(name)}' is not permitted";
    }

    private static ImmutableArray<RawName> Subtrees(AsnReader fields, Asn1Tag tag)
    {
        if (!fields.HasData || !fields.PeekTag().HasSameClassAndValue(tag)) return [];
        var list = fields.ReadSequence(tag);
        var names = ImmutableArray.CreateBuilder<RawName>();
        while (list.HasData)
        {
            var subtree = list.ReadSequence();
            names.Add(RawName.Read(subtree));
            // §4.2.1.10: minimum is 0, its default, and maximum is absent.
            subtree.ThrowIfNotEmpty();
        }
        return names.Count > 0 ? names.ToImmutable() : throw new AsnContentException("a list of subtrees is empty");
    }

    private static string Describe(RawName name) => name.Tag == RawName.Ip ? Convert.ToHexStringLower(name.Content) : name.Text;
}
