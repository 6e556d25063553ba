using System.Collections.Frozen;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Gateway.Endpoints;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Acme;

/// <summary>
/// The checks that every ACME request passes, in their order: https, path, provisioner, method, content type, size;
/// then one endpoint. It decides nothing else; whether a request is good is the control plane's to say.
/// </summary>
/// <param name="config">What is served.</param>
/// <param name="refresh">Asks for the configuration again, at most once in a while.</param>
/// <param name="link">The control plane.</param>
/// <param name="calls">How it is called.</param>
/// <param name="nonces">Nonces at hand.</param>
/// <param name="options">Limits.</param>
/// <param name="time">The clock of time-outs.</param>
internal sealed class AcmePipeline(
    ConfigBook config, Func<CancellationToken, Task> refresh, ControlPlaneLink link, CallPolicy calls, NoncePool nonces, GatewayOptions options, TimeProvider time)
{
    private const string ContentType = "application/jose+json";

    private delegate Task<Reply> Handler(AcmeExchange exchange);

    private static readonly FrozenDictionary<AcmeResource, Handler> Posts = new Dictionary<AcmeResource, Handler>
    {
        [AcmeResource.Directory] = DirectoryEndpoint.PostAsync,
        [AcmeResource.NewNonce] = NewNonceEndpoint.PostAsync,
        [AcmeResource.NewAccount] = NewAccountEndpoint.PostAsync,
        [AcmeResource.Account] = AccountEndpoint.PostAsync,
        [AcmeResource.AccountOrders] = AccountOrdersEndpoint.PostAsync,
        [AcmeResource.KeyChange] = KeyChangeEndpoint.PostAsync,
        [AcmeResource.NewOrder] = NewOrderEndpoint.PostAsync,
        [AcmeResource.Order] = OrderEndpoint.PostAsync,
        [AcmeResource.Finalize] = FinalizeEndpoint.PostAsync,
        [AcmeResource.NewAuthorization] = NewAuthorizationEndpoint.PostAsync,
        [AcmeResource.Authorization] = AuthorizationEndpoint.PostAsync,
        [AcmeResource.Challenge] = ChallengeEndpoint.PostAsync,
        [AcmeResource.Certificate] = CertificateEndpoint.PostAsync,
        [AcmeResource.RevokeCert] = RevokeCertEndpoint.PostAsync,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<AcmeResource, Handler> Gets = new Dictionary<AcmeResource, Handler>
    {
        [AcmeResource.Directory] = DirectoryEndpoint.GetAsync,
        [AcmeResource.NewNonce] = NewNonceEndpoint.GetAsync,
        [AcmeResource.RenewalInfo] = RenewalInfoEndpoint.GetAsync,
    }.ToFrozenDictionary();

    /// <summary>Answers a request below <c>/acme/</c>.</summary>
    /// <param name="http">The request.</param>
    /// <param name="path">Its path as sent, without the query.</param>
    /// <param name="requestId">The instance of a problem document.</param>
    public async ValueTask<Reply> AnswerAsync(HttpContext http, string path, string requestId)
    {
        // RFC 8555 §6.1
        if (!http.Request.IsHttps) return Reply.Of(AcmeProblems.NotFound("ACME is spoken over https only"), requestId);
        if (!AcmeRoutes.TryParse(path, out var route)) return await RefuseAsync(AcmeProblems.NotFound("there is no such ACME resource"));
        var snapshot = config.Current;
        var directory = snapshot.DirectoryOf(route.Provisioner);
        if (directory is null)
        {
            // It may have been made a moment ago.
            await refresh(http.RequestAborted);
            snapshot = config.Current;
            directory = snapshot.DirectoryOf(route.Provisioner);
        }
        if (directory is null) return await RefuseAsync(AcmeProblems.NotFound($"there is no provisioner '{route.Provisioner}' here"));

        var exchange = new AcmeExchange(http, route, snapshot, directory, link, calls, nonces);
        var reply = await AnswerAsync(http, exchange, requestId);
        if (HttpMethods.IsPost(http.Request.Method)) await AddNonceAsync(http, reply);
        // RFC 8555 §7.1: the index link is on every resource but the directory.
        if (route.Resource != AcmeResource.Directory) http.Response.Headers.Link = Reply.Link(exchange.Url(AcmeResource.Directory), "index");
        return reply;

        async ValueTask<Reply> RefuseAsync(AcmeProblem problem)
        {
            var refusal = Reply.Of(problem, requestId);
            if (HttpMethods.IsPost(http.Request.Method)) await AddNonceAsync(http, refusal);
            return refusal;
        }
    }

    private async ValueTask<Reply> AnswerAsync(HttpContext http, AcmeExchange exchange, string requestId)
    {
        var resource = exchange.Route.Resource;
        if (!IsOffered(resource, exchange.Directory)) return Reply.Of(AcmeProblems.NotFound("this directory does not offer that resource"), requestId);
        var method = http.Request.Method;
        if (HttpMethods.IsOptions(method)) return new Reply(StatusCodes.Status204NoContent) { Allow = AllowOf(resource) };
        try
        {
            if (HttpMethods.IsPost(method) && Posts.TryGetValue(resource, out var post))
                return await ReadBodyAsync(http, exchange) is { } problem ? Reply.Of(problem, requestId) : await post(exchange);
            if ((HttpMethods.IsGet(method) || HttpMethods.IsHead(method)) && Gets.TryGetValue(resource, out var get)) return await get(exchange);
        }
        catch (Exception fault) when (AcmeProblems.Of(fault) is { } problem)
        {
            return Reply.Of(problem, requestId);
        }
        // RFC 8555 §6.3
        return Reply.Of(AcmeProblems.Malformed(StatusCodes.Status405MethodNotAllowed,
            $"{PrintedMethod(method)} does not work here; fetch ACME resources by POST-as-GET"), requestId) with { Allow = AllowOf(resource) };
    }

    private static string AllowOf(AcmeResource resource) =>
        string.Join(", ", (string[])[.. Gets.ContainsKey(resource) ? (string[])["GET", "HEAD"] : [], .. Posts.ContainsKey(resource) ? (string[])["POST"] : [], "OPTIONS"]);

    private async Task<AcmeProblem?> ReadBodyAsync(HttpContext http, AcmeExchange exchange)
    {
        if (!IsJose(http.Request.ContentType))
            return AcmeProblems.Malformed(StatusCodes.Status415UnsupportedMediaType, $"the Content-Type of ACME requests is {ContentType}");
        try
        {
            if (await RequestBody.ReadAsync(http, options.MaxBody, options.BodyTimeout, time) is not { } body)
            {
                http.Response.Headers.Connection = http.Request.Protocol == "HTTP/1.1" ? "close" : default;
                return AcmeProblems.Malformed(StatusCodes.Status413PayloadTooLarge, $"the request body is larger than {options.MaxBody} bytes");
            }
            exchange.Body = body;
            return null;
        }
        catch (TimeoutException fault)
        {
            return AcmeProblems.Malformed(StatusCodes.Status408RequestTimeout, fault.Message);
        }
        catch (BadHttpRequestException fault)
        {
            return AcmeProblems.Malformed(fault.StatusCode, "the request body is broken HTTP");
        }
    }

    // RFC 8555 §6.5: a fresh nonce on every answer to a POST, errors too. Without the control plane there is none to wait for.
    private async ValueTask AddNonceAsync(HttpContext http, Reply reply)
    {
        var nonce = reply.Status == StatusCodes.Status503ServiceUnavailable ? nonces.TryTake() : await nonces.TakeAsync();
        if (nonce is not null) http.Response.Headers["Replay-Nonce"] = nonce;
    }

    // What a directory does not advertise does not exist.
    private static bool IsOffered(AcmeResource resource, GatewayConfig.Types.DirectoryConfig directory) => resource switch
    {
        AcmeResource.RenewalInfo => directory.RenewalInfo,
        AcmeResource.NewAuthorization => directory.NewAuthorization,
        AcmeResource.KeyChange => directory.KeyChange,
        _ => true,
    };

    private static bool IsJose(string? contentType)
    {
        if (contentType is null) return false;
        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        return contentType.AsSpan(0, end < 0 ? contentType.Length : end).Trim().Equals(ContentType, StringComparison.OrdinalIgnoreCase);
    }

    private static string PrintedMethod(string method) => method.Length <= 16 ? method : "that method";
}
