using System.Globalization;
using System.Net;
using System.Net.Sockets;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Names;

/// <summary>The five ways a rule can speak of names.</summary>
internal enum NameRuleForm
{
    /// <summary>The one name.</summary>
    Exact = 1,
    /// <summary>Exactly one label below.</summary>
    Label,
    /// <summary>Any depth below, not the name itself.</summary>
    Subtree,
    /// <summary>The wildcard name directly below, and nothing else.</summary>
    Wildcard,
    /// <summary>The addresses of a network.</summary>
    Ip,
}

/// <summary>
/// What a rule matches, such as <c>subtree:net.gq</c>, read once at the door. Only operators write patterns; a name
/// that a client or another system sends is never read as one.
/// </summary>
internal sealed record NameRulePattern
{
    private const string Forms = "a pattern is exact:NAME, label:NAME, subtree:NAME, wildcard:NAME or ip:CIDR";

    private NameRulePattern(NameRuleForm form, string value, IPNetwork network = default)
    {
        Form = form;
        Value = value;
        Network = network;
    }

    public NameRuleForm Form { get; }

    /// <summary>A canonical name without <c>*.</c>, or a canonical CIDR.</summary>
    public string Value { get; }

    /// <summary>The network of <c>ip:</c>; meaningless for the other forms.</summary>
    public IPNetwork Network { get; }

    /// <exception cref="RefusalException">InvalidArgument, with what to write instead.</exception>
    public static NameRulePattern Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) throw Wrong($"the pattern has no form; {Forms}");
        var value = text[(colon + 1)..];
        return text[..colon] switch
        {
            "exact" => ParseName(NameRuleForm.Exact, value),
            "label" => ParseName(NameRuleForm.Label, value),
            "subtree" => ParseName(NameRuleForm.Subtree, value),
            "wildcard" => ParseName(NameRuleForm.Wildcard, value),
            "ip" => ParseNetwork(value),
            _ => throw Wrong($"the pattern's form is unknown; {Forms}"),
        };
    }

    public override string ToString() => $"{FormText(Form)}:{Value}";

    private static NameRulePattern ParseName(NameRuleForm form, string value)
    {
        if (TryParseAddress(value, out var address))
            throw Wrong($"{value} is an address; write ip:{address}/{Bits(address)}");
        if (!Identifier.TryParse("dns", value, out var name, out _, out var detail)) throw Wrong($"{FormText(form)}: {detail}");
        if (name!.IsWildcard)
        {
            var parent = name.WithoutWildcard.Value;
            throw Wrong(form == NameRuleForm.Wildcard
                ? $"wildcard: takes the name below which the wildcard stands; write wildcard:{parent}"
                : $"{FormText(form)}: takes no wildcard name; write wildcard:{parent} to match {name.Value}");
        }
        return new(form, name.Value);
    }

    private static NameRulePattern ParseNetwork(string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var text = slash < 0 ? value : value[..slash];
        if (!TryParseAddress(text, out var address))
            throw Wrong("ip: takes an address or a CIDR such as 100.64.0.0/10 or fd7a:115c:a1e0::/48");
        if (address.IsIPv4MappedToIPv6)
            throw Wrong($"ip: an IPv4 address is not written in IPv6; write ip:{address.MapToIPv4()}/32");
        var length = Bits(address);
        if (slash >= 0 && !TryParseLength(value[(slash + 1)..], Bits(address), out length))
            throw Wrong($"ip: the prefix length is a number from 0 to {Bits(address)}");
        var network = NetworkOf(address, length);
        if (!network.BaseAddress.Equals(address))
            throw Wrong($"ip: {address}/{length} has bits set behind the prefix; write ip:{network.BaseAddress}/{length}");
        return new(NameRuleForm.Ip, $"{address}/{length}", network);
    }

    /// <summary>An address as people write it: four decimal octets without leading zeros, or IPv6 without a zone.</summary>
    private static bool TryParseAddress(string text, out IPAddress address)
    {
        if (!IPAddress.TryParse(text, out address!)) return false;
        return address.AddressFamily == AddressFamily.InterNetwork
            ? string.Equals(address.ToString(), text, StringComparison.Ordinal)
            : text.IndexOfAny(['%', '[', ']']) < 0;
    }

    private static bool TryParseLength(string text, int most, out int length) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length)
        && length <= most && (text.Length == 1 || text[0] != '0');

    private static IPNetwork NetworkOf(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }

    private static int Bits(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    private static string FormText(NameRuleForm form) => form switch
    {
        NameRuleForm.Exact => "exact",
        NameRuleForm.Label => "label",
        NameRuleForm.Subtree => "subtree",
        NameRuleForm.Wildcard => "wildcard",
        _ => "ip",
    };

    private static RefusalException Wrong(string detail) => new(RefusalReason.InvalidArgument, detail) { Field = "pattern" };
}
