using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>Where a document may be fetched from, and whom to believe there.</summary>
/// <param name="Ranges">Addresses that may be dialled.</param>
/// <param name="Resolvers">The servers to ask for names; none asks the system's resolver.</param>
/// <param name="Roots">Roots of the server's certificate, DER.</param>
/// <param name="SystemRoots">Whether the system's roots count as well.</param>
internal sealed record FetchBounds(ImmutableArray<IPNetwork> Ranges, ImmutableArray<IPEndPoint> Resolvers, IReadOnlyList<byte[]> Roots, bool SystemRoots);

/// <summary>Fetches a small document over https: the guard of validation at dial time, no proxy, no redirects, bounded in bytes and time.</summary>
internal sealed class GuardedFetch(ValidationDialer dialer)
{
    /// <summary>The longest document that is read.</summary>
    public const int MostBytes = 256 * 1024;

    // serverAuth (RFC 5280 §4.2.1.12).
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    /// <exception cref="RefusalException">Unavailable, with what was dialled and what came back.</exception>
    public async Task<byte[]> GetAsync(Uri url, FetchBounds bounds, CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(Within);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            return await FetchAsync(url, bounds, either.Token);
        }
        catch (AttemptFailedException fault)
        {
            throw Unavailable(url, fault.Message);
        }
        catch (HttpRequestException fault)
        {
            throw Unavailable(url, fault.InnerException?.Message ?? fault.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unavailable(url, $"no answer within {Within.TotalSeconds:0} s");
        }
    }

    private async Task<byte[]> FetchAsync(Uri url, FetchBounds bounds, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(Handler(bounds)) { MaxResponseContentBufferSize = MostBytes };
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Accept.ParseAdd("application/json");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK) throw Unavailable(url, $"it answered with status {(int)response.StatusCode}");
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    private SocketsHttpHandler Handler(FetchBounds bounds) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 64,
        ConnectCallback = async (context, stop) =>
        {
            var socket = await dialer.DialAsync(
                context.DnsEndPoint.Host, context.DnsEndPoint.Port, bounds.Resolvers, new DialGuard(bounds.Ranges), new AttemptTrace(), stop);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Accepts(certificate as X509Certificate2, chain, errors, bounds),
            CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
        },
    };

    private static bool Accepts(X509Certificate2? certificate, X509Chain? sent, SslPolicyErrors errors, FetchBounds bounds)
    {
        if (certificate is null || errors is not (SslPolicyErrors.None or SslPolicyErrors.RemoteCertificateChainErrors)) return false;
        if (errors == SslPolicyErrors.None && bounds.SystemRoots) return true;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        foreach (var root in bounds.Roots) chain.ChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(root));
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(certificate);
    }

    private static RefusalException Unavailable(Uri url, string detail) => new(RefusalReason.Unavailable, $"{url} could not be fetched: {detail}");
}
