using System.Collections.Immutable;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Crls.Lint;

/// <summary>The entries: each as RFC 5280 §5.1.2.6 and §5.3 want it, and together exactly those that were planned.</summary>
internal static class CrlEntryRules
{
    private const int LongestSerial = 20;

    public static ImmutableArray<CrlRule> All { get; } =
    [
        new("crl-entries-absent", "§5.1.2.6", static s =>
            s.Crl.Entries is { } entries && entries.Length <= 2 ? "a list of nothing must be left out" : null),
        Each("crl-entry-serial", "§4.1.2.2", static e =>
            e.Serial.Length <= LongestSerial && e.Serial.Span[0] < 0x80 && e.Serial.Span.ContainsAnyExcept((byte)0) ? null : "it is zero, negative or too long"),
        new("crl-entry-once", "§5.1.2.6", Once),
        Each("crl-entry-time", "§5.1.2.6", static e => CrlRules.FormOf(e.RevocationDate)),
        Each("crl-entry-extensions", "§5.3", static e =>
            e.Extensions.FirstOrDefault(x => x.Critical || x.Oid is not (Oids.ReasonCode or Oids.InvalidityDate)) is { } bad ? $"{bad.Oid} has no place there, or is critical"
            : e.Extensions.DistinctBy(x => x.Oid).Count() < e.Extensions.Length ? "an extension is there twice" : null),
        // 0 is said by leaving it out, 7 is not used, 8 is for delta lists alone.
        Each("crl-entry-reason", "§5.3.1", static e => e.Reason() is null or (>= 1 and <= 6) or 9 or 10 ? null : $"the reason {e.Reason()} is not one of a full list"),
        Each("crl-entry-invalidity", "§5.3.2", static e =>
            e.InvalidSince() is { } since && since > TimeReading.Read(e.RevocationDate).Time ? "the invalidity date lies after the revocation" : null),
        new("crl-entries-planned", "plan", Planned),
    ];

    private static CrlRule Each(string name, string section, Func<CrlEntryReading, string?> fault) => new(name, section, s =>
    {
        var index = 0;
        foreach (var entry in CrlEntryReading.All(s.Crl))
        {
            if (fault(entry) is { } wrong) return $"entry {index}: {wrong}";
            index++;
        }
        return null;
    });

    private static string? Once(CrlSubject s)
    {
        var seen = new HashSet<SerialNumber>();
        foreach (var entry in CrlEntryReading.All(s.Crl))
            if (SerialNumber.TryRead(entry.Serial.Span, out var serial) && !seen.Add(serial)) return $"{serial} is there twice";
        return null;
    }

    // The order is the plan's, so that two walks side by side are enough.
    private static string? Planned(CrlSubject s)
    {
        var index = 0;
        foreach (var entry in CrlEntryReading.All(s.Crl))
        {
            if (index >= s.Spec.Entries.Count) return $"it has more than the {s.Spec.Entries.Count} entries that were planned";
            var planned = s.Spec.Entries[index];
            if (!Same(entry, planned)) return $"entry {index} is not the planned one of {planned.Serial}";
            index++;
        }
        return index == s.Spec.Entries.Count ? null : $"it has {index} entries, planned were {s.Spec.Entries.Count}";
    }

    private static bool Same(CrlEntryReading entry, RevokedEntry planned) =>
        entry.Serial.Span.SequenceEqual(planned.Serial.Bytes.Span)
        && TimeReading.Read(entry.RevocationDate).Time == planned.RevokedAt
        && (entry.Reason() ?? 0) == (int)planned.Reason
        && entry.InvalidSince() == planned.InvalidSince;
}
