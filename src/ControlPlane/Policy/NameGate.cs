using System.Collections.Immutable;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Policy;

/// <summary>
/// Decides whether a provisioner may issue a name now. Pure: it takes facts and returns a verdict; it reads no clock
/// and no store. Asked at new-order, at finalize and at every renewal.
/// </summary>
internal static class NameGate
{
    public static NameVerdict Decide(NameFacts facts, Identifier name)
    {
        if (facts.IsReserved(name))
            return new(false, $"{name} is the name of a gateway's own TLS certificate; no provisioner issues it", []);
        var decision = NamePolicy.Decide(facts.Levels, name, facts.Now);
        if (!decision.Allowed) return new(false, decision.Explanation, decision.Levels);
        if (InsideConstraints(facts.Permitted, name))
        {
            return facts.ConstraintFault(name) is { } fault
                ? new(false, $"{name} is outside the name constraints in the certificates of {facts.Authority}: {fault}", decision.Levels)
                : new(true, decision.Explanation, decision.Levels);
        }
        return new(false, $"{name} is outside the name constraints of {facts.Authority} ({string.Join(", ", facts.Permitted!.ToTexts())})", decision.Levels);
    }

    /// <summary>
    /// RFC 5280 §4.2.1.10: a dns subtree permits the name itself and everything below it. Of a kind without an entry
    /// nothing is permitted, as the certificates say.
    /// </summary>
    public static bool InsideConstraints(NameConstraints? permitted, Identifier name)
    {
        if (permitted is null) return true;
        if (name.Type == IdentifierType.Ip) return permitted.Ranges.Any(range => range.Contains(name.Address!));
        var host = name.WithoutWildcard.Value;
        return permitted.Subtrees.Any(domain => host == domain || host.EndsWith("." + domain, StringComparison.Ordinal));
    }
}

/// <summary>What a decision about names rests on.</summary>
/// <param name="Levels">Name rules of the authority, the provisioner and further levels.</param>
/// <param name="IsReserved">Whether a name belongs to a gateway.</param>
/// <param name="Authority">The authority's resource name, for the explanation.</param>
/// <param name="Permitted">The name constraints that it was founded with; null when there are none.</param>
/// <param name="ConstraintFault">Why its certificates do not permit a name, whoever made them; null when they do.</param>
/// <param name="Now">The moment that expiring rules are held against.</param>
internal sealed record NameFacts(
    ImmutableArray<NameLevel> Levels,
    Func<Identifier, bool> IsReserved,
    string Authority,
    NameConstraints? Permitted,
    Func<Identifier, string?> ConstraintFault,
    DateTimeOffset Now);

/// <summary>Yes or no, and why.</summary>
internal sealed record NameVerdict(bool Allowed, string Explanation, ImmutableArray<LevelVerdict> Levels);
