using System.Collections.Frozen;
using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>Which extensions there are, once each, and how critical (RFC 5280 §4.2).</summary>
internal static class ExtensionRules
{
    private static readonly FrozenDictionary<CertificateRole, ImmutableArray<string>> Required = LintRule.Every.ToFrozenDictionary(role => role, RequiredOf);
    private static readonly FrozenDictionary<CertificateRole, ImmutableArray<string>> Known = LintRule.Every.ToFrozenDictionary(role => role, KnownOf);

    public static ImmutableArray<LintRule> All { get; } =
    [
        new("extension-known", "§4.2", LintRule.Every, static s =>
            s.Tbs.Extensions.FirstOrDefault(e => !Known[s.Spec.Role].Contains(e.Oid)) is { } stranger ? $"{stranger.Oid} has no place in a {s.Spec.Role}" : null),
        new("extension-once", "§4.2", LintRule.Every, static s =>
            s.Tbs.Extensions.GroupBy(e => e.Oid).FirstOrDefault(g => g.Count() > 1) is { } twice ? $"{twice.Key} is there {twice.Count()} times" : null),
        new("extension-missing", "§4.2.1", LintRule.Every, static s =>
            Required[s.Spec.Role].FirstOrDefault(oid => s.Find(oid) is null) is { } missing ? $"{missing} is not there" : null),
        new("extension-not-critical", "§4.2.1.1, §4.2.1.2, §4.2.1.13, §4.2.2.1", LintRule.Every, static s =>
            s.Tbs.Extensions.FirstOrDefault(e => e.Critical && NeverCritical.Contains(e.Oid)) is { } critical ? $"{critical.Oid} is critical" : null),
        Critical("key-usage-critical", "§4.2.1.3", Oids.KeyUsage),
        Critical("basic-constraints-critical", "§4.2.1.9", Oids.BasicConstraints),
        Critical("name-constraints-critical", "§4.2.1.10", Oids.NameConstraints),
    ];

    private static readonly ImmutableArray<string> NeverCritical =
    [
        Oids.ExtendedKeyUsage, Oids.SubjectKeyIdentifier, Oids.AuthorityKeyIdentifier, Oids.CrlDistributionPoints, Oids.AuthorityInformationAccess,
    ];

    private static LintRule Critical(string name, string section, string oid) =>
        new(name, section, LintRule.Every, s => s.Find(oid) is { Critical: false } ? "it is not critical" : null);

    private static ImmutableArray<string> RequiredOf(CertificateRole role) => role.IsAuthority()
        ? role.IsSelfSigned()
            ? [Oids.BasicConstraints, Oids.KeyUsage, Oids.SubjectKeyIdentifier]
            : [Oids.BasicConstraints, Oids.KeyUsage, Oids.SubjectKeyIdentifier, Oids.AuthorityKeyIdentifier]
        : [Oids.KeyUsage, Oids.ExtendedKeyUsage, Oids.BasicConstraints, Oids.SubjectKeyIdentifier, Oids.AuthorityKeyIdentifier, Oids.SubjectAlternativeName];

    private static ImmutableArray<string> KnownOf(CertificateRole role)
    {
        var known = RequiredOf(role);
        if (role.IsAuthority()) known = known.Add(Oids.NameConstraints);
        return role.IsSelfSigned() ? known : known.AddRange(Oids.CrlDistributionPoints, Oids.AuthorityInformationAccess);
    }
}
