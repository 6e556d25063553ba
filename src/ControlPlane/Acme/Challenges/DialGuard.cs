using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>What the guard says about one address.</summary>
/// <param name="Address">The address in plain form; this one is dialled, so that what was judged is what is reached.</param>
/// <param name="Refusal">Why it is not dialled; null when it is.</param>
internal readonly record struct DialVerdict(IPAddress Address, string? Refusal)
{
    public bool Allowed => Refusal is null;
}

/// <summary>
/// Decides whether an address may be dialled, at the last moment: on the resolved address, not on a name, so that a
/// name that resolves to something else the second time gains nothing. Asked again at every hop.
/// </summary>
internal sealed class DialGuard(ImmutableArray<IPNetwork> ranges)
{
    /// <summary>Refused whatever the ranges say: no host of a person's lives there.</summary>
    private static readonly ImmutableArray<(IPNetwork Network, string What)> Never =
    [
        (IPNetwork.Parse("0.0.0.0/8"), "an unspecified address"),
        (IPNetwork.Parse("::/128"), "an unspecified address"),
        (IPNetwork.Parse("224.0.0.0/4"), "a multicast address"),
        (IPNetwork.Parse("ff00::/8"), "a multicast address"),
        (IPNetwork.Parse("255.255.255.255/32"), "the broadcast address"),
        (IPNetwork.Parse("100.100.100.100/32"), "the tailnet's service address"),
        (IPNetwork.Parse("fd7a:115c:a1e0::53/128"), "the tailnet's service address"),
        (IPNetwork.Parse("100.100.100.200/32"), "a cloud's metadata service"),
        (IPNetwork.Parse("169.254.169.254/32"), "a cloud's metadata service"),
        (IPNetwork.Parse("fd00:ec2::254/128"), "a cloud's metadata service"),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Compatible = IPNetwork.Parse("::/96");

    public DialVerdict Judge(IPAddress resolved)
    {
        var plain = Normalise(resolved);
        foreach (var (network, what) in Never)
            if (network.Contains(plain)) return new(plain, $"{Say(resolved, plain)} is {what}");
        foreach (var range in ranges)
            if (range.Contains(plain)) return new(plain, null);
        return new(plain, $"{Say(resolved, plain)} is outside the ranges that may be dialled");
    }

    /// <summary>The IPv4 address inside an IPv6 one that only carries it: mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC 3056).</summary>
    public static IPAddress Normalise(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (address.IsIPv4MappedToIPv6 || Nat64.Contains(address) || IsCompatible(address)) return new IPAddress(bytes[12..]);
        return SixToFour.Contains(address) ? new IPAddress(bytes[2..6]) : address;
    }

    // ::1 and :: have their own meaning (RFC 4291 §2.5).
    private static bool IsCompatible(IPAddress address) =>
        Compatible.Contains(address) && !address.Equals(IPAddress.IPv6Loopback) && !address.Equals(IPAddress.IPv6Any);

    private static string Say(IPAddress resolved, IPAddress plain) => resolved.Equals(plain) ? $"{plain}" : $"{resolved} ({plain})";
}
