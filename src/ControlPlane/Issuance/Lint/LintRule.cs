using System.Collections.Frozen;
using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>One thing that must hold for what is about to be signed.</summary>
/// <param name="Name">A stable word for logs and tests.</param>
/// <param name="Section">Where it is written; RFC 5280 unless it says otherwise.</param>
/// <param name="Roles">The roles it is for.</param>
/// <param name="Fault">Says what is wrong, or null. Content that does not parse may throw; that is a finding, too.</param>
internal sealed record LintRule(string Name, string Section, FrozenSet<CertificateRole> Roles, Func<LintSubject, string?> Fault)
{
    public static readonly FrozenSet<CertificateRole> Every = Enum.GetValues<CertificateRole>().ToFrozenSet();
    public static readonly FrozenSet<CertificateRole> Authorities = Every.Where(role => role.IsAuthority()).ToFrozenSet();
    public static readonly FrozenSet<CertificateRole> EndEntities = Every.Where(role => !role.IsAuthority()).ToFrozenSet();
    public static readonly FrozenSet<CertificateRole> Issued = Every.Where(role => !role.IsSelfSigned()).ToFrozenSet();
    public static readonly FrozenSet<CertificateRole> Intermediates = FrozenSet.Create(CertificateRole.Intermediate);
    public static readonly FrozenSet<CertificateRole> Services = FrozenSet.Create(CertificateRole.Leaf, CertificateRole.GatewayTls);
    public static readonly FrozenSet<CertificateRole> Identities = FrozenSet.Create(CertificateRole.IdentityLeaf, CertificateRole.ServerIdentity);
}

/// <summary>A rule that does not hold, and in what way.</summary>
internal sealed record LintFinding(string Rule, string Section, string Message)
{
    public override string ToString() => $"{Rule} ({Section}): {Message}";
}

/// <summary>Bytes that were recorded break rules; they are not signed. A fault of this program, never of the one who asked.</summary>
internal sealed class LintException(ImmutableArray<LintFinding> findings)
    : Exception("lint refused what was to be signed: " + string.Join("; ", findings))
{
    public ImmutableArray<LintFinding> Findings => findings;
}
