using System.Text.Json.Nodes;

namespace GrpcCa.TestKit.Acme;

/// <summary>An answer as it came, and read.</summary>
internal sealed record AcmeAnswer(int Status, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers, string Body)
{
    private const string ErrorPrefix = "urn:ietf:params:acme:error:";

    /// <summary>The bytes that were sent for it; empty for GET.</summary>
    public string Sent { get; init; } = "";

    /// <summary>Where they were sent.</summary>
    public string Url { get; init; } = "";

    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();

    public string? Nonce => Header("Replay-Nonce");

    public string? Location => Header("Location");

    public string? ContentType => Header("Content-Type");

    /// <summary>The error type without its prefix; null when this is no problem document of ACME.</summary>
    public string? Problem =>
        ContentType == "application/problem+json" && Text("type") is { } type && type.StartsWith(ErrorPrefix, StringComparison.Ordinal) ? type[ErrorPrefix.Length..] : null;

    public string Detail => Text("detail") ?? "";

    /// <summary>All values of a header, joined as HTTP allows; null when it is absent.</summary>
    public string? Header(string name) => Headers.TryGetValue(name, out var values) ? string.Join(", ", values) : null;

    /// <summary>A member of the object that is text.</summary>
    public string? Text(string member) => Json[member]?.GetValue<string>();

    /// <summary>The targets of the links of a relation (RFC 8288).</summary>
    public IReadOnlyList<string> Links(string relation) =>
    [
        .. (Headers.TryGetValue("Link", out var values) ? values : [])
            .SelectMany(v => v.Split(", "))
            .Where(v => v.EndsWith($";rel=\"{relation}\"", StringComparison.Ordinal))
            .Select(v => v[(v.IndexOf('<', StringComparison.Ordinal) + 1)..v.IndexOf('>', StringComparison.Ordinal)]),
    ];

    public override string ToString() => $"{Status} {string.Join("; ", Headers.Select(h => $"{h.Key}: {string.Join(", ", h.Value)}"))}\n{Body}";

    public static async Task<AcmeAnswer> ReadAsync(HttpResponseMessage response, string sent)
    {
        var headers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)) headers[name] = [.. values];
        return new AcmeAnswer((int)response.StatusCode, headers, await response.Content.ReadAsStringAsync()) { Sent = sent, Url = response.RequestMessage!.RequestUri!.OriginalString };
    }
}
