using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;

namespace GrpcCa.ControlPlane.Api;

/// <summary>What a call's connection says about who is at its other end.</summary>
/// <param name="Certificate">The client certificate of the TLS handshake; null without one.</param>
/// <param name="Socket">The accepted socket.</param>
internal sealed record CallPeer(X509Certificate2? Certificate, Socket? Socket)
{
    /// <summary>Whether the other end is a program on this host, as far as addresses tell.</summary>
    public bool IsOnThisHost
    {
        get
        {
            try
            {
                return Socket is { RemoteEndPoint: IPEndPoint remote, LocalEndPoint: IPEndPoint local } && (IPAddress.IsLoopback(remote.Address) || remote.Address.Equals(local.Address));
            }
            catch (Exception fault) when (fault is ObjectDisposedException or SocketException)
            {
                // The connection was lost meanwhile.
                return false;
            }
        }
    }

    /// <summary>The peer of a call of its own, or of the stream that carries the call.</summary>
    public static CallPeer Of(ServerCallContext context)
    {
        if (context.StreamPeer() is { } peer) return peer;
        var http = context.GetHttpContext();
        return new CallPeer(http.Connection.ClientCertificate, http.Features.Get<IConnectionSocketFeature>()?.Socket);
    }
}
