using System.Collections.Immutable;
using System.Net;

namespace GrpcCa.ControlPlane.Acme.Challenges.Lookup;

/// <summary>The system's DNS servers, from resolv.conf(5): the platform's own resolver cannot be asked for TXT or CAA.</summary>
internal static class ResolverFile
{
    private const string Path = "/etc/resolv.conf";
    private const int DnsPort = 53;

    public static ImmutableArray<IPEndPoint> Current() => Read(File.Exists(Path) ? File.ReadLines(Path) : []);

    /// <summary>The <c>nameserver</c> lines in their order; without any it is this host, as resolv.conf(5) says.</summary>
    public static ImmutableArray<IPEndPoint> Read(IEnumerable<string> lines)
    {
        ImmutableArray<IPEndPoint> found =
        [
            .. lines.Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words.Length > 1 && words[0] == "nameserver")
                .Select(words => IPAddress.TryParse(words[1], out var address) ? address : null)
                .OfType<IPAddress>()
                .Select(address => new IPEndPoint(address, DnsPort)),
        ];
        return found.IsEmpty ? [new IPEndPoint(IPAddress.Loopback, DnsPort)] : found;
    }
}
