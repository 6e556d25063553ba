using System.Collections.Immutable;
using System.Formats.Asn1;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>The subject: empty, or one common name (RFC 5280 §4.1.2.6).</summary>
internal static class SubjectRules
{
    private const int LongestCommonName = 64;

    public static ImmutableArray<LintRule> All { get; } =
    [
        new("subject-form", "§4.1.2.6, §4.1.2.4", LintRule.Every, Form),
        new("subject-planned", "plan", LintRule.Every, static s =>
            TryCommonName(s) is { } name && name != s.Spec.SubjectCommonName ? $"it is '{name}', planned was '{s.Spec.SubjectCommonName}'" : null),
        new("subject-length", "Appendix A (ub-common-name)", LintRule.Every, static s =>
            TryCommonName(s) is { Length: > LongestCommonName } name ? $"the common name has {name.Length} characters" : null),
        new("subject-of-authority", "§4.1.2.6", LintRule.Authorities, static s => s.SubjectIsEmpty ? "an authority has no name" : null),
        new("subject-among-names", "RFC 9525 §2.3", LintRule.Services, static s =>
            TryCommonName(s) is { Length: > 0 } name && !s.Spec.Names.Any(n => n.Value == name) ? $"the common name '{name}' is none of its names" : null),
    ];

    private static string? Form(LintSubject s)
    {
        // Any other form throws, which is the finding.
        CommonName(s);
        return null;
    }

    private static string? TryCommonName(LintSubject s)
    {
        try
        {
            return CommonName(s);
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    /// <summary>The common name, "" for the empty subject; throws for any other form.</summary>
    private static string CommonName(LintSubject s)
    {
        var file = new AsnReader(s.Tbs.Subject, AsnEncodingRules.DER);
        var parts = file.ReadSequence();
        file.ThrowIfNotEmpty();
        if (!parts.HasData) return "";
        var set = parts.ReadSetOf();
        parts.ThrowIfNotEmpty();
        var attribute = set.ReadSequence();
        set.ThrowIfNotEmpty();
        var type = attribute.ReadObjectIdentifier();
        if (type != Oids.CommonName) throw new AsnContentException($"it has the attribute {type}");
        var tag = attribute.PeekTag();
        if (tag != new Asn1Tag(UniversalTagNumber.UTF8String) && tag != new Asn1Tag(UniversalTagNumber.PrintableString))
            throw new AsnContentException($"the common name is a {tag}");
        var text = attribute.ReadCharacterString((UniversalTagNumber)tag.TagValue);
        attribute.ThrowIfNotEmpty();
        return text.Length > 0 && !text.Any(char.IsControl) ? text : throw new AsnContentException("the common name is empty or has control characters");
    }
}
