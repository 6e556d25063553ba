using System.Net;
using GrpcCa.Gateway.Acme;
using GrpcCa.Host;
using Microsoft.AspNetCore.Connections;

namespace GrpcCa.Gateway;

/// <summary>
/// Bounds the connections of one address, so that one host of the tailnet cannot take the places of all others. Behind a declared proxy
/// all clients have one address, and who is on this host has other ways: neither is counted.
/// </summary>
internal sealed class PeerLimit(GatewayOptions options, TimeProvider time, ILogger<PeerLimit> log)
{
    private readonly Places places = new(int.MaxValue, options.ConnectionsPerAddress);
    private readonly ForwardedClient proxies = new(options);
    private readonly SeldomWord word = new(TimeSpan.FromMinutes(1), time);

    /// <summary>Put before TLS.</summary>
    public void Guard(IConnectionBuilder listener) => listener.Use(next => async connection =>
    {
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var address } || IPAddress.IsLoopback(address) || proxies.IsProxy(address))
        {
            await next(connection);
            return;
        }
        using var place = places.Take(address, out _);
        if (place is not null)
        {
            await next(connection);
            return;
        }
        if (word.IsDue()) log.TooManyOfOne(address, options.ConnectionsPerAddress);
        await connection.DisposeAsync();
    });
}
