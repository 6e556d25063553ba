using System.Net;
using System.Net.Sockets;

namespace GrpcCa.Host;

/// <summary>
/// Which addresses count as one client. An IPv6 host chooses freely inside its /64; in a tailnet it does not, there
/// each node has one address of a range that all nodes share.
/// </summary>
internal static class ClientNetwork
{
    private static readonly IPNetwork Tailnet = IPNetwork.Parse("fd7a:115c:a1e0::/48");

    /// <summary>The network of an address as a gateway told it; null when it told none.</summary>
    public static string? Of(string clientAddress) => IPAddress.TryParse(clientAddress, out var address) ? Of(address) : null;

    /// <summary>The network of an address.</summary>
    public static string Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork) return address.ToString();
        var bytes = address.GetAddressBytes();
        // Without the zone: fe80::1%eth0 is fe80::1.
        address = new IPAddress(bytes);
        if (Tailnet.Contains(address)) return address.ToString();
        bytes.AsSpan(8).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}
