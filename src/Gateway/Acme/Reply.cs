using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Acme;

/// <summary>An HTTP answer before it is sent: what an endpoint makes of the control plane's answer.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">The bytes; empty for none.</param>
/// <param name="ContentType">Empty when there is no body.</param>
internal sealed record Reply(int Status, ReadOnlyMemory<byte> Body = default, string ContentType = "")
{
    private const string NoStore = "no-store";

    // Several clients cut JSON with sed: no \/ and no \u002B (RFC 8259 leaves the choice).
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string? Location { get; init; }

    public Duration? RetryAfter { get; init; }

    /// <summary>Whole Link values, such as <c>&lt;https://…&gt;;rel="up"</c>; the index link is there before them where it is due.</summary>
    public ImmutableArray<string> Links { get; init; } = [];

    public string? Allow { get; init; }

    public string CacheControl { get; init; } = NoStore;

    /// <summary>Names the bytes, quoted; a client that has them gets 304. Null for none.</summary>
    public string? ETag { get; init; }

    /// <summary>Since when the bytes are these; null when nobody asks.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>Until when a cache may keep the answer; null when <see cref="CacheControl"/> says it all.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Only the landing page has one.</summary>
    public string? ContentSecurityPolicy { get; init; }

    /// <summary>Set when this reply is a problem document.</summary>
    public AcmeProblem? Problem { get; private init; }

    public static Reply Json(int status, Action<Utf8JsonWriter> write, string contentType = "application/json")
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Relaxed)) write(json);
        return new Reply(status, buffer.WrittenMemory, contentType);
    }

    public static Reply Text(int status, string text, string contentType) => new(status, Encoding.UTF8.GetBytes(text), contentType);

    /// <summary>A problem document (RFC 9457); <paramref name="requestId"/> is its instance unless the control plane set one.</summary>
    public static Reply Of(AcmeProblem problem, string requestId)
    {
        if (problem.Status is < 400 or > 599) problem.Status = StatusCodes.Status500InternalServerError;
        if (problem.Instance.Length == 0) problem.Instance = requestId;
        return Json(problem.Status, json => AcmeJson.Problem(json, problem), "application/problem+json") with
        {
            Problem = problem,
            Location = problem.Location.Length == 0 ? null : problem.Location,
            RetryAfter = problem.RetryAfter,
            Links =
            [
                .. problem.TermsOfServiceUrl.Length == 0 ? [] : new[] { Link(problem.TermsOfServiceUrl, "terms-of-service") },
                .. problem.HelpUrl.Length == 0 ? [] : new[] { Link(problem.HelpUrl, "help") },
            ],
        };
    }

    public static string Link(string url, string relation) => $"<{url}>;rel=\"{relation}\"";
}
