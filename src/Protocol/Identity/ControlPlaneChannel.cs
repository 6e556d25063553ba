using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace GrpcCa.Protocol.Identity;

/// <summary>
/// Opens gRPC channels to the control plane: over TLS that trusts only the identity roots, with a client certificate
/// where there is one, or over the local admin socket. One connection per channel, so that a caller stays with one
/// replica; no proxy from the environment.
/// </summary>
internal static class ControlPlaneChannel
{
    private static readonly TimeSpan WithAnotherToTry = TimeSpan.FromSeconds(2);

    /// <summary>What the address of a local admin socket starts with.</summary>
    public const string UnixScheme = "unix:";

    /// <summary>Bytes of the largest message that is read: a revocation list with a million entries.</summary>
    public const int LargestAnswer = 64 * 1024 * 1024;

    /// <summary>A channel to <paramref name="endpoint"/> (host and port).</summary>
    /// <param name="endpoint">Host and port, such as <c>ca.net.gq:14443</c>.</param>
    /// <param name="trust">Who the other end must be.</param>
    /// <param name="identity">The client certificate with its key; null to call without one.</param>
    /// <param name="onConnect">Called at every new connection, before the first request on it.</param>
    public static GrpcChannel Open(string endpoint, PeerTrust trust, X509Certificate2? identity, Action? onConnect = null) =>
        Open(endpoint, trust.Validate, identity, onConnect);

    /// <summary>A channel over the Unix socket at <paramref name="path"/>.</summary>
    public static GrpcChannel OpenUnix(string path)
    {
        var handler = Handler();
        handler.ConnectCallback = (_, ct) => ConnectAsync(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), new UnixDomainSocketEndPoint(path), ct);
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = LargestAnswer });
    }

    internal static GrpcChannel Open(string endpoint, RemoteCertificateValidationCallback validate, X509Certificate2? identity, Action? onConnect)
    {
        var handler = Handler();
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            RemoteCertificateValidationCallback = validate,
            // The platform builds a chain before anybody is asked, and would fetch issuers from the URLs of the certificate.
            CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
            ClientCertificateContext = identity is null ? null : SslStreamCertificateContext.Create(identity, additionalCertificates: null, offline: true),
        };
        handler.ConnectCallback = async (context, ct) =>
        {
            var stream = await ConnectAsync(context.DnsEndPoint, ct);
            onConnect?.Invoke();
            return stream;
        };
        return GrpcChannel.ForAddress("https://" + endpoint, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = LargestAnswer });
    }

    private static SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        // No tracing headers, and none of the objects behind them.
        ActivityHeadersPropagator = null,
        // Nonces belong to the replica that minted them: all calls of a channel share one connection.
        EnableMultipleHttp2Connections = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
        KeepAlivePingDelay = TimeSpan.FromSeconds(20),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
    };

    // The system's resolver keeps its thread while nobody answers, and the platform would take one of the pool, of which a gateway
    // may have one.
    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, CancellationToken ct)
    {
        var addresses = IPAddress.TryParse(target.Host, out var literal)
            ? [literal]
            : await Task.Factory.StartNew(() => Dns.GetHostAddresses(target.Host), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(ct);
        for (var i = 0; ; i++)
        {
            if (i == addresses.Length) throw new SocketException((int)SocketError.HostNotFound);
            // One that swallows what is sent to it must leave time for the next.
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            if (i + 1 < addresses.Length) patience.CancelAfter(WithAnotherToTry);
            try
            {
                var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                return await ConnectAsync(socket, new IPEndPoint(addresses[i], target.Port), patience.Token);
            }
            catch (Exception fault) when (i + 1 < addresses.Length && !ct.IsCancellationRequested && fault is (SocketException or OperationCanceledException))
            {
                // The next address may be one that answers; the last one's fault is told.
            }
        }
    }

    private static async ValueTask<Stream> ConnectAsync(Socket socket, EndPoint target, CancellationToken ct)
    {
        try
        {
            await socket.ConnectAsync(target, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
