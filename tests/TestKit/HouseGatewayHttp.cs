using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.TestKit;

/// <summary>HTTPS to gateways by the names of their base URLs, which no resolver knows.</summary>
internal static class HouseGatewayHttp
{
    /// <param name="portOf">The loopback port for a host name.</param>
    /// <param name="root">What the chain must end in.</param>
    /// <param name="clock">When the chain must be valid.</param>
    public static HttpClient Open(Func<string, int> portOf, Func<X509Certificate2> root, TimeProvider clock)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectCallback = async (context, ct) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, portOf(context.DnsEndPoint.Host), ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    (errors & SslPolicyErrors.RemoteCertificateNotAvailable) == 0 && IsBelow(root(), (X509Certificate2)certificate!, chain!, clock),
            },
        };
        return new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60), DefaultRequestVersion = HttpVersion.Version11 };
    }

    private static bool IsBelow(X509Certificate2 root, X509Certificate2 leaf, X509Chain sent, TimeProvider clock)
    {
        using var mine = new X509Chain();
        mine.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        mine.ChainPolicy.CustomTrustStore.Add(root);
        mine.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        mine.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        mine.ChainPolicy.VerificationTime = clock.GetUtcNow().UtcDateTime;
        return mine.Build(leaf);
    }
}
