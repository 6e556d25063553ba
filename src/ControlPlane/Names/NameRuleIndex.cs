using System.Net;
using System.Net.Sockets;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Names;

/// <summary>
/// Rules of one effect, found by hash: one look-up per label of the name, or per prefix length in use, however many
/// rules there are. Names are compared whole or cut at dots, so <c>evilnet.gq</c> never meets <c>net.gq</c>.
/// </summary>
internal sealed class NameRuleIndex
{
    private readonly Dictionary<string, List<NameRule>> exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<NameRule>> label = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<NameRule>> subtree = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<NameRule>> wildcard = new(StringComparer.Ordinal);
    private readonly List<NetworkTable> networks = [];

    public NameRuleIndex(IEnumerable<NameRule> rules)
    {
        foreach (var rule in rules) Add(rule);
        networks.Sort((one, other) => other.Length.CompareTo(one.Length));
    }

    public bool IsEmpty { get; private set; } = true;

    /// <summary>The most specific rule that matches and has not expired; null when there is none.</summary>
    public NameRule? Find(Identifier name, DateTimeOffset now)
    {
        if (name.Type == IdentifierType.Ip) return FindAddress(name.Address!, now);
        if (name.IsWildcard) return Live(wildcard, name.Value.AsSpan(2), now);
        return FindName(name.Value, now);
    }

    private NameRule? FindName(ReadOnlySpan<char> name, DateTimeOffset now)
    {
        if (Live(exact, name, now) is { } same) return same;
        var rest = Parent(name);
        if (Live(label, rest, now) is { } above) return above;
        for (; !rest.IsEmpty; rest = Parent(rest))
            if (Live(subtree, rest, now) is { } higher) return higher;
        return null;
    }

    private NameRule? FindAddress(IPAddress address, DateTimeOffset now)
    {
        // An IPv4 address in IPv6 clothes is judged as what it is.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bits = NetworkTable.BitsOf(plain);
        foreach (var table in networks)
            if (table.Family == plain.AddressFamily && table.Rules.TryGetValue(table.Mask(bits), out var rules)
                && FirstLive(rules, now) is { } found)
                return found;
        return null;
    }

    private void Add(NameRule rule)
    {
        IsEmpty = false;
        switch (rule.Form)
        {
            case NameRuleForm.Exact: Append(exact, rule.Value, rule); break;
            case NameRuleForm.Label: Append(label, rule.Value, rule); break;
            case NameRuleForm.Subtree: Append(subtree, rule.Value, rule); break;
            case NameRuleForm.Wildcard: Append(wildcard, rule.Value, rule); break;
            case NameRuleForm.Ip: AddNetwork(rule); break;
            default: throw new ArgumentOutOfRangeException(nameof(rule), rule.Form, "unknown form");
        }
    }

    private void AddNetwork(NameRule rule)
    {
        var network = rule.Pattern.Network;
        var table = networks.Find(t => t.Family == network.BaseAddress.AddressFamily && t.Length == network.PrefixLength);
        if (table is null)
        {
            table = new NetworkTable(network.BaseAddress.AddressFamily, network.PrefixLength);
            networks.Add(table);
        }
        Append(table.Rules, NetworkTable.BitsOf(network.BaseAddress), rule);
    }

    private static void Append<TKey>(Dictionary<TKey, List<NameRule>> table, TKey key, NameRule rule) where TKey : notnull
    {
        if (!table.TryGetValue(key, out var rules)) table.Add(key, rules = []);
        rules.Add(rule);
    }

    private static NameRule? Live(Dictionary<string, List<NameRule>> table, ReadOnlySpan<char> key, DateTimeOffset now) =>
        !key.IsEmpty && table.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(key, out var rules) ? FirstLive(rules, now) : null;

    private static NameRule? FirstLive(List<NameRule> rules, DateTimeOffset now)
    {
        foreach (var rule in rules)
            if (rule.IsLive(now)) return rule;
        return null;
    }

    private static ReadOnlySpan<char> Parent(ReadOnlySpan<char> name)
    {
        var dot = name.IndexOf('.');
        return dot < 0 ? [] : name[(dot + 1)..];
    }

    private sealed class NetworkTable(AddressFamily family, int length)
    {
        private readonly UInt128 mask = MaskOf(family, length);

        public AddressFamily Family => family;

        public int Length => length;

        public Dictionary<UInt128, List<NameRule>> Rules { get; } = [];

        public UInt128 Mask(UInt128 bits) => bits & mask;

        public static UInt128 BitsOf(IPAddress address)
        {
            Span<byte> bytes = stackalloc byte[16];
            address.TryWriteBytes(bytes, out var written);
            UInt128 bits = 0;
            foreach (var octet in bytes[..written]) bits = (bits << 8) | octet;
            return bits;
        }

        private static UInt128 MaskOf(AddressFamily family, int length)
        {
            var width = family == AddressFamily.InterNetwork ? 32 : 128;
            // A shift by 128 would be a shift by nothing.
            return length == 0 ? UInt128.Zero : UInt128.MaxValue << (width - length);
        }
    }
}
