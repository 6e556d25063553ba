using System.Collections.Immutable;
using System.Text;
using DnsClient;
using DnsClient.Protocol;

namespace GrpcCa.ControlPlane.Acme.Challenges.Lookup;

/// <summary>Where a name leads by the CNAME and DNAME records of an answer.</summary>
internal static class Alias
{
    private const int DnameType = 39;

    /// <summary>The next name; null when the name stands for itself.</summary>
    public static string? Of(ImmutableArray<DnsResourceRecord> records, string name)
    {
        foreach (var alias in records.OfType<CNameRecord>())
            if (Plain(alias.DomainName) == name) return Plain(alias.CanonicalName);
        // RFC 6672 §2.2: all below the owner moves below the target; servers send the CNAME of it along, or should.
        foreach (var subtree in records.OfType<UnknownRecord>())
        {
            if ((int)subtree.RecordType != DnameType) continue;
            var owner = "." + Plain(subtree.DomainName);
            if (name.EndsWith(owner, StringComparison.Ordinal) && Target(subtree.Data) is { } target)
                return target.Length == 0 ? name[..^owner.Length] : $"{name[..^owner.Length]}.{target}";
        }
        return null;
    }

    /// <summary>A name as we write it: lower case, no dot at the end.</summary>
    public static string Plain(DnsString name) => name.Value.TrimEnd('.').ToLowerInvariant();

    // RFC 6672 §2.5: the target is never compressed.
    private static string? Target(IReadOnlyList<byte> data)
    {
        var labels = new List<string>();
        for (var at = 0; at < data.Count; at += data[at] + 1)
        {
            var length = data[at];
            if (length == 0) return at == data.Count - 1 ? string.Join('.', labels) : null;
            if (length > 63 || at + length >= data.Count) return null;
            labels.Add(Encoding.Latin1.GetString([.. data.Skip(at + 1).Take(length)]).ToLowerInvariant());
        }
        return null;
    }
}
