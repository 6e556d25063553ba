using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>What a webhook answered.</summary>
internal sealed record WebhookAnswer(int Status, byte[] Body, string Address)
{
    public bool IsSuccess => Status is >= 200 and < 300;
}

/// <summary>A call that got no answer.</summary>
/// <param name="detail">What was tried and how it ended, for people.</param>
/// <param name="mayRetry">Whether another try soon may end better.</param>
internal sealed class WebhookFaultException(string detail, bool mayRetry) : Exception(detail)
{
    public bool MayRetry => mayRetry;
}

/// <summary>
/// Sends one message to one webhook, once, signed as Standard Webhooks say: a connection of its own to an address that the
/// guard lets it dial, no proxy, no redirects, bounded in time and size.
/// </summary>
internal sealed class WebhookCaller(
    WebhookSecrets secrets, AuthorityBook authorities, ValidationDialer dialer, ValidationOptions validation, WebhookOptions options, TimeProvider time)
{
    private const int LongestAnswer = 64 * 1024, HeadKilobytes = 16;

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly DialGuard guard = new(options.Ranges);

    /// <exception cref="WebhookFaultException">There was no answer.</exception>
    public async Task<WebhookAnswer> CallAsync(WebhookRecord webhook, WebhookMessage message, TimeSpan within, CancellationToken cancellationToken)
    {
        var hierarchy = await authorities.CurrentAsync(cancellationToken);
        var now = time.GetUtcNow();
        using var trust = webhook.CaPem.Length > 0
            ? new ServerTrust(Pem.DecodeCertificates(webhook.CaPem), withSystem: false, now)
            : new ServerTrust(hierarchy.Of(AuthorityPurpose.Issuing).Where(a => a.IsTrusted).Select(a => a.RootDer), withSystem: true, now);
        var trace = new AttemptTrace { Url = webhook.Url };
        using var bound = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            using var client = new HttpClient(Handler(trust, trace), disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
            using var request = Request(webhook, message, now);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            trace.Enter($"the answer of {trace.AddressDialled}");
            return new WebhookAnswer((int)response.StatusCode, await ReadAsync(response, either.Token), trace.AddressDialled);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WebhookFaultException($"no answer within {within.TotalSeconds:0.#} s: {trace.Phase}", mayRetry: true);
        }
        catch (KeyUnavailableException fault)
        {
            throw new WebhookFaultException($"nothing was sent: {fault.Message}; give the webhook another secret", mayRetry: false);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw Told(fault, trust, trace);
        }
    }

    private SocketsHttpHandler Handler(ServerTrust trust, AttemptTrace trace) => new()
    {
        // The environment of the program has no say in where the CA's messages go.
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxResponseHeadersLength = HeadKilobytes,
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        SslOptions = trust.Options,
        ConnectCallback = async (connection, cancel) =>
        {
            var host = connection.DnsEndPoint.Host;
            var socket = await dialer.DialAsync(host, connection.DnsEndPoint.Port, validation.Resolver, guard, trace, cancel);
            trace.Enter($"TLS with {trace.AddressDialled} and its answer");
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        },
    };

    private HttpRequestMessage Request(WebhookRecord webhook, WebhookMessage message, DateTimeOffset now)
    {
        var timestamp = now.ToUnixTimeSeconds();
        var content = new ByteArrayContent(message.Body);
        content.Headers.ContentType = Json;
        var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url)
        {
            Content = content,
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("grpcca", null));
        request.Headers.ConnectionClose = true;
        request.Headers.Add("webhook-id", message.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", secrets.Sign(webhook, message.Id, timestamp, message.Body));
        return request;
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[LongestAnswer + 1];
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return read <= LongestAnswer
            ? buffer[..read]
            : throw new WebhookFaultException($"the answer is longer than {LongestAnswer / 1024} KiB", mayRetry: false);
    }

    private static WebhookFaultException Told(Exception fault, ServerTrust trust, AttemptTrace trace)
    {
        for (var cause = fault; cause is not null; cause = cause.InnerException)
            if (cause is AttemptFailedException attempt) return new WebhookFaultException(attempt.Fault.Detail, attempt.Fault.MayRetry);
        if (trust.Fault is { } distrust) return new WebhookFaultException($"TLS with {trace.AddressDialled} failed: {distrust}", mayRetry: false);
        var innermost = fault.GetBaseException();
        return new WebhookFaultException(
            $"the connection with {trace.AddressDialled} failed: {SafeExcerpt.Of(innermost is System.Net.Sockets.SocketException socket ? SocketFault.Say(socket.SocketErrorCode) : innermost.Message)}",
            mayRetry: true);
    }
}
