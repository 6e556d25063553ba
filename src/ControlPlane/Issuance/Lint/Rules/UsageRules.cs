using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>What the key may be used for (RFC 5280 §4.2.1.3, §4.2.1.12).</summary>
internal static class UsageRules
{
    public static ImmutableArray<LintRule> All { get; } =
    [
        new("key-usage-bits", "§4.2.1.3", LintRule.Every, static s =>
            s.Find(Oids.KeyUsage) is { } usage && KeyUsageReading.Bits(usage) is var bits && bits != ExpectedBits(s.Spec) ? $"the bits are {bits:x4}" : null),
        new("key-usage-no-signing", "§4.2.1.3, §4.2.1.9", LintRule.EndEntities, static s =>
            s.Find(Oids.KeyUsage) is { } usage && (KeyUsageReading.Bits(usage) & (KeyUsageReading.KeyCertSign | KeyUsageReading.CrlSign)) != 0
                ? "no authority, but may sign certificates or CRLs" : null),
        new("extended-key-usage-planned", "§4.2.1.12", LintRule.EndEntities, static s =>
            Purposes(s) is { } purposes && !purposes.SequenceEqual(s.Spec.ExtendedKeyUsages.Select(Oid)) ? $"it is {string.Join(", ", purposes)}" : null),
        new("extended-key-usage-any", "§4.2.1.12", LintRule.EndEntities, static s =>
            Purposes(s)?.Contains(Oids.AnyExtendedKeyUsage) == true ? "it is for any purpose" : null),
        new("extended-key-usage-role", "profile", LintRule.EndEntities, static s =>
            Purposes(s) is { } purposes && (purposes.Count == 0 || purposes.Except(AllowedFor(s.Spec.Role)).Any())
                ? $"a {s.Spec.Role} is not for {string.Join(", ", purposes)}" : null),
    ];

    private static int ExpectedBits(CertificateSpec spec)
    {
        if (spec.Role.IsAuthority()) return KeyUsageReading.KeyCertSign | KeyUsageReading.CrlSign;
        return KeyUsageReading.DigitalSignature | (spec.Key.Type == KeyType.Rsa ? KeyUsageReading.KeyEncipherment : 0);
    }

    private static ImmutableArray<string> AllowedFor(CertificateRole role) => role switch
    {
        CertificateRole.IdentityLeaf => [Oids.ClientAuth],
        CertificateRole.ServerIdentity or CertificateRole.GatewayTls => [Oids.ServerAuth],
        _ => [Oids.ServerAuth, Oids.ClientAuth],
    };

    private static string Oid(string purpose) => purpose switch
    {
        "serverAuth" => Oids.ServerAuth,
        "clientAuth" => Oids.ClientAuth,
        _ => purpose,
    };

    private static List<string>? Purposes(LintSubject s)
    {
        if (s.Find(Oids.ExtendedKeyUsage) is not { } extension) return null;
        var list = extension.Sequence();
        var purposes = new List<string>();
        while (list.HasData) purposes.Add(list.ReadObjectIdentifier());
        return purposes;
    }
}
