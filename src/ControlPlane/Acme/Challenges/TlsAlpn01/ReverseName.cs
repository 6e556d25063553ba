using System.Globalization;
using System.Net.Sockets;
using System.Text;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Acme.Challenges.TlsAlpn01;

/// <summary>The server name of the handshake: the name itself, or the reverse form of an address (RFC 8738 §6).</summary>
internal static class ReverseName
{
    public static string ServerNameOf(Identifier name)
    {
        if (name.Address is not { } address) return name.Value;
        var bytes = address.GetAddressBytes();
        Array.Reverse(bytes);
        // RFC 1035 §3.5: octets in decimal; RFC 3596 §2.5: nibbles in hexadecimal, the last one first.
        if (address.AddressFamily == AddressFamily.InterNetwork) return $"{string.Join('.', bytes)}.in-addr.arpa";
        var reverse = new StringBuilder(72);
        foreach (var octet in bytes) reverse.Append(CultureInfo.InvariantCulture, $"{octet & 15:x}.{octet >> 4:x}.");
        return reverse.Append("ip6.arpa").ToString();
    }
}
