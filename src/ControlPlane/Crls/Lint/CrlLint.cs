using System.Collections.Immutable;
using System.Formats.Asn1;
using GrpcCa.ControlPlane.Issuance.Lint;

namespace GrpcCa.ControlPlane.Crls.Lint;

/// <summary>
/// Reads a revocation list that is about to be signed with a strict DER reader that shares no code with its builder, and
/// holds it against RFC 5280 and against what was to be in it.
/// </summary>
internal static class CrlLint
{
    /// <summary>All rules; each has its mutant in the tests.</summary>
    public static ImmutableArray<CrlRule> Rules { get; } = [.. CrlRules.All, .. CrlEntryRules.All, .. CrlExtensionRules.All];

    /// <summary>Every rule that does not hold; empty when the bytes may be signed.</summary>
    public static ImmutableArray<LintFinding> Check(ReadOnlyMemory<byte> tbs, CrlSpec spec, IssuerFacts issuer)
    {
        CrlReading reading;
        try
        {
            reading = CrlReading.Read(tbs);
        }
        catch (AsnContentException fault)
        {
            // Nothing else can be said about bytes that have no structure.
            return [new LintFinding(CrlRules.Der.Name, CrlRules.Der.Section, fault.Message)];
        }
        var subject = new CrlSubject(reading, spec, issuer);
        var findings = ImmutableArray.CreateBuilder<LintFinding>();
        foreach (var rule in Rules)
            if (FaultOf(rule, subject) is { } fault)
                findings.Add(new LintFinding(rule.Name, rule.Section, fault));
        return findings.ToImmutable();
    }

    private static string? FaultOf(CrlRule rule, CrlSubject subject)
    {
        try
        {
            return rule.Fault(subject);
        }
        catch (AsnContentException fault)
        {
            return $"does not parse: {fault.Message}";
        }
    }
}
