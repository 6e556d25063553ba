using System.Collections.Immutable;
using System.Net;
using System.Text;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>Name constraints (RFC 5280 §4.2.1.10): those above are kept, those planned are written.</summary>
internal static class ConstraintRules
{
    public static ImmutableArray<LintRule> All { get; } =
    [
        new("name-constraints-kept", "§4.2.1.10, §6.1.3", LintRule.EndEntities, static s =>
            s.AlternativeNames().SelectMany(name => s.Issuer.Constraints.Select(c => c.FaultOf(name))).FirstOrDefault(fault => fault is not null)),
        new("name-constraints-subject", "§4.2.1.10", LintRule.Issued, static s =>
            !s.SubjectIsEmpty && s.Issuer.Constraints.Any(c => c.Permitted.Concat(c.Excluded).Any(subtree => subtree.Tag == RawName.Directory))
                ? "an issuer is constrained to directory names: only the empty subject is sure to keep them" : null),
        new("name-constraints-planned", "plan", LintRule.Authorities, Planned),
    ];

    private static string? Planned(LintSubject s)
    {
        var found = ConstraintReading.Of(s.Tbs);
        if (s.Spec.Constraints is not { } planned) return found is null ? null : "none were planned";
        if (found is null) return "they are missing";
        var permitted = planned.Subtrees.Select(Dns).Concat(planned.Ranges.Select(Range));
        // A kind without an entry would pass as a whole, so it is excluded as a whole.
        List<string> excluded = [];
        if (planned.Subtrees.IsEmpty) excluded.Add(Dns(""));
        if (planned.Ranges.IsEmpty) excluded.AddRange([$"{RawName.Ip}:{new string('0', 16)}", $"{RawName.Ip}:{new string('0', 64)}"]);
        return Same(found.Permitted, permitted) && Same(found.Excluded, excluded) ? null : "they are not those that were planned";
    }

    private static bool Same(ImmutableArray<RawName> found, IEnumerable<string> planned) =>
        found.Select(name => $"{name.Tag}:{Convert.ToHexStringLower(name.Content)}").Order(StringComparer.Ordinal)
            .SequenceEqual(planned.Order(StringComparer.Ordinal), StringComparer.Ordinal);

    private static string Dns(string subtree) => $"{RawName.Dns}:{Convert.ToHexStringLower(Encoding.ASCII.GetBytes(subtree))}";

    private static string Range(IPNetwork range)
    {
        var address = range.BaseAddress.GetAddressBytes();
        var mask = address.Select((_, i) => (byte)(0xFF00 >> Math.Clamp(range.PrefixLength - (i * 8), 0, 8)));
        return $"{RawName.Ip}:{Convert.ToHexStringLower([.. address, .. mask])}";
    }
}
