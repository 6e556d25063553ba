using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
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
internal sealed class GuardedFetch(ValidationDialer dialer, TimeProvider time)
{
    /// <summary>The longest document that is read.</summary>
    public const int MostBytes = 256 * 1024;

    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    /// <exception cref="RefusalException">Unavailable, with what was dialled and what came back.</exception>
    public async Task<byte[]> GetAsync(Uri url, FetchBounds bounds, CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(Within);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        using var trust = new ServerTrust(bounds.Roots, bounds.SystemRoots, time.GetUtcNow());
        try
        {
            return await FetchAsync(url, bounds, trust, either.Token);
        }
        catch (AttemptFailedException fault)
        {
            throw Unavailable(url, fault.Message);
        }
        catch (HttpRequestException fault)
        {
            throw Unavailable(url, trust.Fault ?? fault.InnerException?.Message ?? fault.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unavailable(url, $"no answer within {Within.TotalSeconds:0} s");
        }
    }

    private async Task<byte[]> FetchAsync(Uri url, FetchBounds bounds, ServerTrust trust, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(Handler(bounds, trust)) { MaxResponseContentBufferSize = MostBytes };
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Accept.ParseAdd("application/json");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK) throw Unavailable(url, $"it answered with status {(int)response.StatusCode}");
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    private SocketsHttpHandler Handler(FetchBounds bounds, ServerTrust trust) => new()
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
        SslOptions = trust.Options,
    };

    private static RefusalException Unavailable(Uri url, string detail) => new(RefusalReason.Unavailable, $"{url} could not be fetched: {detail}");
}
