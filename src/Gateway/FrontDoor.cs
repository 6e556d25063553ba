using GrpcCa.Gateway.Acme;
using GrpcCa.Gateway.Trust;
using GrpcCa.Host;
using GrpcCa.Protocol;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace GrpcCa.Gateway;

/// <summary>Where every HTTP request enters and leaves: ACME or public, the headers all answers share, one log line.</summary>
internal sealed class FrontDoor(AcmePipeline acme, PublicPages pages, ForwardedClient forwarded, TimeProvider time, ILogger<FrontDoor> log)
{
    private const int Slice = 32 * 1024;

    // RFC 9457 has no say here; browsers may read these from any origin.
    private const string Exposed = "Link, Location, Replay-Nonce, Retry-After";

    public async Task HandleAsync(HttpContext http)
    {
        var start = time.GetTimestamp();
        var requestId = RequestIds.Next();
        var path = PathOf(http);
        forwarded.Apply(http);
        try
        {
            var reply = await AnswerAsync(http, path, requestId);
            await SendAsync(http, reply);
        }
        catch (Exception fault) when (http.RequestAborted.IsCancellationRequested && fault is IOException or OperationCanceledException)
        {
            // The client went away; nobody is there to answer.
            http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        if (log.IsEnabled(LogLevel.Information))
            log.Answered(new(Printable(http.Request.Method), Printable(path), http.Response.StatusCode, time.GetElapsedTime(start), AcmeExchange.ClientAddress(http), requestId));
    }

    private async ValueTask<Reply> AnswerAsync(HttpContext http, string path, string requestId)
    {
        try
        {
            return path.StartsWith(AcmeRoutes.Prefix, StringComparison.Ordinal)
                ? await acme.AnswerAsync(http, path, requestId)
                : pages.Answer(http, path, requestId);
        }
        catch (Exception fault) when (!http.RequestAborted.IsCancellationRequested)
        {
            log.Failed(requestId, fault);
            return Reply.Of(AcmeProblems.Internal(), requestId);
        }
    }

    private static async Task SendAsync(HttpContext http, Reply reply)
    {
        var response = http.Response;
        var headers = response.Headers;
        response.StatusCode = reply.Status;
        headers.CacheControl = reply.CacheControl;
        headers.XContentTypeOptions = "nosniff";
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = Exposed;
        if (reply.Location is not null) headers.Location = reply.Location;
        // In seconds, never a date: some clients fail on dates.
        if (reply.RetryAfter is { } wait) headers.RetryAfter = Math.Max(1, wait.Seconds + (wait.Nanos > 0 ? 1 : 0)).ToString();
        if (!reply.Links.IsEmpty) headers.Link = StringValues.Concat(headers.Link, reply.Links.ToArray());
        if (reply.ETag is not null) headers.ETag = reply.ETag;
        if (reply.LastModified is { } modified) headers.LastModified = HeaderUtilities.FormatDate(modified);
        if (reply.Expires is { } expires) headers.Expires = HeaderUtilities.FormatDate(expires);
        if (reply.ContentSecurityPolicy is not null) headers.ContentSecurityPolicy = reply.ContentSecurityPolicy;
        if (reply.Allow is not null)
        {
            headers.Allow = reply.Allow;
            if (HttpMethods.IsOptions(http.Request.Method))
            {
                headers.AccessControlAllowMethods = reply.Allow;
                headers.AccessControlAllowHeaders = "Content-Type";
                headers.AccessControlMaxAge = "86400";
            }
        }
        if (reply.ContentType.Length == 0)
        {
            if (reply.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified)) response.ContentLength = 0;
            return;
        }
        response.ContentType = reply.ContentType;
        response.ContentLength = reply.Body.Length;
        if (HttpMethods.IsHead(http.Request.Method)) return;
        // Slice by slice: what is written is copied before it has to wait for whoever reads, and a revocation list can be large.
        for (var rest = reply.Body; !rest.IsEmpty; rest = rest[Math.Min(Slice, rest.Length)..])
            await response.Body.WriteAsync(rest[..Math.Min(Slice, rest.Length)], http.RequestAborted);
    }

    // The path as sent: escapes and dot segments are no way to an ACME resource.
    private static string PathOf(HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/')) return http.Request.Path.Value ?? "/";
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? target : target[..query];
    }

    private static string Printable(string text)
    {
        if (text.Length > 200) text = text[..200] + "…";
        return text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) : text;
    }
}
