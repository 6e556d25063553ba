using System.Collections.Immutable;
using System.Net;

namespace GrpcCa.Gateway.Acme;

/// <summary>
/// Who the client is behind a proxy: X-Forwarded-For counts only from declared proxies, and of it the address that the
/// nearest declared proxy saw. What a client writes into the header itself stands further left and is not reached.
/// </summary>
internal sealed class ForwardedClient(GatewayOptions options)
{
    private const string Header = "X-Forwarded-For";
    private const int MostHops = 16;

    private readonly ImmutableArray<IPNetwork> proxies =
        [.. options.Proxies.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(range => IPNetwork.Parse(range))];

    /// <summary>Replaces the connection's address by the client's, where a declared proxy tells it.</summary>
    public void Apply(HttpContext http)
    {
        if (proxies.IsEmpty || http.Connection.RemoteIpAddress is not { } peer || !IsProxy(peer)) return;
        http.Connection.RemoteIpAddress = Client(peer, http.Request.Headers[Header].ToString());
    }

    private IPAddress Client(IPAddress peer, string header)
    {
        var client = peer;
        var hops = header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (var i = hops.Length - 1; i >= 0 && hops.Length - i <= MostHops; i--)
        {
            // Not an address: what was read so far is all that can be believed.
            if (!IPAddress.TryParse(hops[i], out var hop)) break;
            client = Plain(hop);
            if (!IsProxy(client)) break;
        }
        return client;
    }

    /// <summary>Whether it is the address of a declared proxy.</summary>
    public bool IsProxy(IPAddress address) => proxies.Any(range => range.Contains(Plain(address)));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
