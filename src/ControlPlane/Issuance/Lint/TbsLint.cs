using System.Collections.Immutable;
using System.Formats.Asn1;
using GrpcCa.ControlPlane.Issuance.Lint.Rules;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>
/// Reads what is about to be signed with a strict DER reader that shares no code with its builder, and holds it against
/// RFC 5280, our own profile, and what policy specified.
/// </summary>
internal static class TbsLint
{
    /// <summary>All rules; each has its mutant in the tests.</summary>
    public static ImmutableArray<LintRule> Rules { get; } =
    [
        .. StructureRules.All, .. ValidityRules.All, .. SubjectRules.All, .. PublicKeyRules.All, .. ExtensionRules.All, .. UsageRules.All,
        .. AuthorityRules.All, .. KeyIdentifierRules.All, .. AlternativeNameRules.All, .. ConstraintRules.All, .. PointerRules.All,
    ];

    /// <summary>Every rule of the role that does not hold; empty when the bytes may be signed.</summary>
    public static ImmutableArray<LintFinding> Check(ReadOnlyMemory<byte> tbs, CertificateSpec spec, SerialNumber serial, IssuerFacts issuer)
    {
        TbsReading reading;
        try
        {
            reading = TbsReading.Read(tbs);
        }
        catch (AsnContentException fault)
        {
            // Nothing else can be said about bytes that have no structure.
            return [new LintFinding(StructureRules.Der.Name, StructureRules.Der.Section, fault.Message)];
        }
        var subject = new LintSubject(reading, spec, serial, issuer);
        var findings = ImmutableArray.CreateBuilder<LintFinding>();
        foreach (var rule in Rules)
            if (rule.Roles.Contains(spec.Role) && FaultOf(rule, subject) is { } fault)
                findings.Add(new LintFinding(rule.Name, rule.Section, fault));
        return findings.ToImmutable();
    }

    private static string? FaultOf(LintRule rule, LintSubject subject)
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
