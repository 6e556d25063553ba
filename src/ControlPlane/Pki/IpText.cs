using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>IP addresses as text: dotted decimal, and RFC 5952 for IPv6 (hexadecimal throughout, as RFC 8738 §3 compares bytes).</summary>
internal static class IpText
{
    private const int Groups = 8;

    /// <summary>Reads canonical text; answers why it is refused, as the rest of a sentence, or null.</summary>
    public static string? Read(string text, out IPAddress? address)
    {
        address = null;
        if (text.Contains('%', StringComparison.Ordinal)) return "has a zone id; an address in a certificate has none";
        if (!IPAddress.TryParse(text, out var parsed)) return "is no IP address";
        if (WhyRefused(parsed) is { } why) return why;
        var canonical = Canonical(parsed);
        if (!string.Equals(text, canonical, StringComparison.Ordinal))
            return $"is not in canonical form; that would be '{canonical}' (RFC 8738 §3, RFC 5952)";
        address = parsed;
        return null;
    }

    /// <summary>Addresses that stand for another one are refused: policy must see the one that is meant.</summary>
    public static string? WhyRefused(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return "is an IPv4-mapped IPv6 address; write the IPv4 address";
        return address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? "has a zone id" : null;
    }

    public static string Canonical(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork) return address.ToString();
        Span<byte> bytes = stackalloc byte[2 * Groups];
        address.TryWriteBytes(bytes, out _);
        var groups = new ushort[Groups];
        for (var i = 0; i < Groups; i++) groups[i] = BinaryPrimitives.ReadUInt16BigEndian(bytes[(2 * i)..]);
        var (start, length) = LongestZeroRun(groups);
        // RFC 5952 §4.2.2: a single zero group is written out.
        if (length < 2) return Join(groups);
        return $"{Join(groups.AsSpan(0, start))}::{Join(groups.AsSpan(start + length))}";
    }

    private static string Join(ReadOnlySpan<ushort> groups)
    {
        var parts = new string[groups.Length];
        for (var i = 0; i < groups.Length; i++) parts[i] = groups[i].ToString("x");
        return string.Join(':', parts);
    }

    /// <summary>RFC 5952 §4.2.3: the longest run, the first of equals.</summary>
    private static (int Start, int Length) LongestZeroRun(ushort[] groups)
    {
        var (best, start) = ((Start: 0, Length: 0), 0);
        for (var i = 0; i <= Groups; i++)
        {
            if (i < Groups && groups[i] == 0) continue;
            if (i - start > best.Length) best = (start, i - start);
            start = i + 1;
        }
        return best;
    }
}
