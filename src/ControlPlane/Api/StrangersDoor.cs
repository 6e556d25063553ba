using System.Net;
using GrpcCa.Host;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace GrpcCa.ControlPlane.Api;

/// <summary>
/// Bounds the connections of those who show no certificate, or have not shown it yet, so that they leave some of <c>Grpc:MaxConnections</c> to gateways and
/// operators. Those too many are closed.
/// </summary>
internal sealed class StrangersDoor(StrangersOptions options, TimeProvider time, ILogger<StrangersDoor> log)
{
    private static readonly object Key = new();

    private readonly Places places = new(options.MaxConnections, options.MaxConnectionsPerAddress);
    private readonly SeldomWord word = new(TimeSpan.FromMinutes(1), time);

    /// <summary>Put before TLS: takes a place for the connection.</summary>
    public void Guard(IConnectionBuilder endpoint) => endpoint.Use(next => async connection =>
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        using var place = places.Take(address, out var isHosts);
        if (place is null)
        {
            Tell(address, isHosts);
            await connection.DisposeAsync();
            return;
        }
        connection.Items[Key] = place;
        await next(connection);
    });

    /// <summary>Put behind TLS: who has shown a certificate that was accepted is no stranger.</summary>
    public static void Recognize(IConnectionBuilder endpoint) => endpoint.Use(next => connection =>
    {
        if (connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is not null) (connection.Items[Key] as IDisposable)?.Dispose();
        return next(connection);
    });

    private void Tell(IPAddress address, bool isHosts)
    {
        if (!word.IsDue()) return;
        if (isHosts) StrangersLog.TooManyOfOne(log, address, options.MaxConnectionsPerAddress);
        else StrangersLog.TooMany(log, address, options.MaxConnections);
    }
}

/// <summary>What is said about strangers, once a minute at most.</summary>
internal static partial class StrangersLog
{
    [LoggerMessage(2601, LogLevel.Warning, "Connections of {Address} are closed at once: it has {Most} without a client certificate (Strangers:MaxConnectionsPerAddress)")]
    public static partial void TooManyOfOne(ILogger log, IPAddress address, int most);

    [LoggerMessage(2602, LogLevel.Warning, "Connections such as that of {Address} are closed at once: there are {Most} without a client certificate (Strangers:MaxConnections)")]
    public static partial void TooMany(ILogger log, IPAddress address, int most);
}
