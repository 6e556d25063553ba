using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>When it is valid (RFC 5280 §4.1.2.5); the last second counts.</summary>
internal static class ValidityRules
{
    private const int FirstGeneralizedYear = 2050;

    public static ImmutableArray<LintRule> All { get; } =
    [
        new("validity-encoding", "§4.1.2.5", LintRule.Every, static s => FormOf(s.NotBefore) ?? FormOf(s.NotAfter)),
        new("validity-order", "§4.1.2.5", LintRule.Every, static s => Times(s) is var (from, to) && from > to ? "it ends before it starts" : null),
        new("validity-planned", "plan", LintRule.Every, static s =>
            Times(s) is var (from, to) && (from != s.Spec.NotBefore || to != s.Spec.NotAfter)
                ? $"it is {from:O} to {to:O}, planned was {s.Spec.NotBefore:O} to {s.Spec.NotAfter:O}" : null),
        new("validity-within-issuer", "§6.1.3", LintRule.Every, static s =>
            Times(s) is var (from, to) && (from < s.Issuer.NotBefore || to > s.Issuer.NotAfter)
                ? $"it is {from:O} to {to:O}, its issuer {s.Issuer.NotBefore:O} to {s.Issuer.NotAfter:O}" : null),
    ];

    // §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on. A form that is none at all throws, which is a finding.
    private static string? FormOf(TimeReading reading) => reading.IsUtcTime == reading.Time.Year < FirstGeneralizedYear
        ? null
        : $"{reading.Time:O} is written as {(reading.IsUtcTime ? "UTCTime" : "GeneralizedTime")}";

    // What cannot be read is the first rule's finding alone.
    private static (DateTimeOffset From, DateTimeOffset To)? Times(LintSubject s)
    {
        try
        {
            return (s.NotBefore.Time, s.NotAfter.Time);
        }
        catch (System.Formats.Asn1.AsnContentException)
        {
            return null;
        }
    }
}
