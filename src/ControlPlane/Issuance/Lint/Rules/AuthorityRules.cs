using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>Who is an authority, and how deep it reaches (RFC 5280 §4.2.1.9).</summary>
internal static class AuthorityRules
{
    public static ImmutableArray<LintRule> All { get; } =
    [
        new("basic-constraints-leaf", "§4.2.1.9", LintRule.EndEntities, static s =>
            Constraints(s) is { } c && (c.IsAuthority || c.PathLength is not null) ? "it says it is an authority, or has a path length" : null),
        new("basic-constraints-authority", "§4.2.1.9", LintRule.Authorities, static s =>
            Constraints(s) is { IsAuthority: false } ? "it does not say it is an authority" : null),
        new("path-length-planned", "§4.2.1.9", LintRule.Authorities, static s =>
            Constraints(s) is { } c && c.PathLength != s.Spec.EffectivePathLength ? $"the path length is {c.PathLength?.ToString() ?? "absent"}" : null),
        new("path-length-below-issuers", "§4.2.1.9, §6.1.4", LintRule.Intermediates, static s =>
            Constraints(s) is { } c && s.Issuer.PathLength is { } issuers && (c.PathLength ?? int.MaxValue) >= issuers
                ? $"the issuer's path length is {issuers}" : null),
    ];

    private static BasicConstraintsReading? Constraints(LintSubject s) =>
        s.Find(Oids.BasicConstraints) is { } extension ? BasicConstraintsReading.Of(extension) : null;
}
