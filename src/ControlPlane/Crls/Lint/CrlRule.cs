using GrpcCa.ControlPlane.Issuance.Lint;

namespace GrpcCa.ControlPlane.Crls.Lint;

/// <summary>One thing that must hold for a revocation list that is about to be signed.</summary>
/// <param name="Name">A stable word for logs and tests.</param>
/// <param name="Section">Where it is written; RFC 5280 unless it says otherwise.</param>
/// <param name="Fault">Says what is wrong, or null. Content that does not parse may throw; that is a finding, too.</param>
internal sealed record CrlRule(string Name, string Section, Func<CrlSubject, string?> Fault);

/// <summary>What the rules look at: the reading, and what it is held against.</summary>
internal sealed record CrlSubject(CrlReading Crl, CrlSpec Spec, IssuerFacts Issuer);
