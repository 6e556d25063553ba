using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace GrpcCa.TestKit.Acme;

/// <summary>
/// An ACME client written from RFC 8555, for tests: it says everything itself, repeats nothing by itself, and hides
/// nothing of an answer. It never retries a badNonce, so that a false one fails the test.
/// </summary>
internal sealed partial class AcmeClient(HttpClient http, Uri directoryUrl, AcmeKey key)
{
    private const string JoseJson = "application/jose+json";
    private JsonObject? directory;

    /// <summary>Signs; changed by <see cref="ChangeKeyAsync"/>.</summary>
    public AcmeKey Key { get; set; } = key;

    /// <summary>The account URL, once there is an account.</summary>
    public string? Kid { get; set; }

    /// <summary>Where http-01 is answered.</summary>
    public ChallengeSite? Site { get; init; }

    public Uri DirectoryUrl => directoryUrl;

    /// <summary>The same account at another gateway's directory.</summary>
    public AcmeClient At(Uri otherDirectory) => new(http, otherDirectory, Key) { Kid = Kid, Site = Site };

    /// <summary>A URL of the directory (§7.1.1).</summary>
    public async Task<string> UrlAsync(string resource)
    {
        directory ??= (await GetAsync(directoryUrl.ToString())).Json;
        return directory[resource]?.GetValue<string>() ?? throw new InvalidOperationException($"the directory has no {resource}");
    }

    /// <summary>A nonce by HEAD new-nonce (§7.2).</summary>
    public async Task<string> NonceAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, await UrlAsync("newNonce"));
        return (await SendAsync(request)).Nonce ?? throw new NoNonceException();
    }

    public async Task<AcmeAnswer> GetAsync(string url)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, AsWritten(url));
        return await SendAsync(request);
    }

    public async Task<AcmeAnswer> SendAsync(HttpRequestMessage request, string sent = "")
    {
        using var response = await http.SendAsync(request);
        return await AcmeAnswer.ReadAsync(response, sent);
    }

    /// <summary>A body as it is, signed or not.</summary>
    public async Task<AcmeAnswer> PostBodyAsync(string url, string body, string? contentType = JoseJson)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, AsWritten(url)) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        if (contentType is not null) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return await SendAsync(request, body);
    }

    // Escapes and dots of a path go out as they are: whether they lead somewhere is the server's to say.
    private static Uri AsWritten(string url) => new(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>A right request for a resource with a fresh nonce, to be sent or spoilt first.</summary>
    public async Task<JwsDraft> DraftAsync(string url, string payload = "") => new() { Key = Key, Kid = Kid, Url = url, Nonce = await NonceAsync(), Payload = payload };

    /// <summary>Sends a draft; <paramref name="spoil"/> makes it wrong.</summary>
    public async Task<AcmeAnswer> PostAsync(string url, string payload, Func<JwsDraft, JwsDraft>? spoil = null)
    {
        var draft = await DraftAsync(url, payload);
        return await PostBodyAsync(url, (spoil?.Invoke(draft) ?? draft).WriteText());
    }

    public Task<AcmeAnswer> PostAsync(string url, JsonObject payload, Func<JwsDraft, JwsDraft>? spoil = null) => PostAsync(url, payload.ToJsonString(), spoil);

    /// <summary>POST-as-GET (§6.3).</summary>
    public Task<AcmeAnswer> FetchAsync(string url, Func<JwsDraft, JwsDraft>? spoil = null) => PostAsync(url, "", spoil);

    /// <summary>new-account (§7.3), signed with the key itself; remembers the account URL.</summary>
    public async Task<AcmeAnswer> RegisterAsync(JsonObject? payload = null)
    {
        var answer = await PostAsync(await UrlAsync("newAccount"), payload ?? new JsonObject { ["termsOfServiceAgreed"] = true }, d => d with { Kid = null });
        if (answer.Status is 200 or 201) Kid = answer.Location;
        return answer;
    }

    /// <summary>new-order (§7.4); names are dns unless they are addresses.</summary>
    public async Task<AcmeAnswer> OrderAsync(params IEnumerable<string> names) => await PostAsync(await UrlAsync("newOrder"), OrderOf(names));

    /// <summary>The payload of new-order.</summary>
    public static JsonObject OrderOf(params IEnumerable<string> names) => new() { ["identifiers"] = new JsonArray([.. names.Select(IdentifierOf)]) };

    /// <summary>An identifier object (§7.1.3, RFC 8738).</summary>
    public static JsonObject IdentifierOf(string name) =>
        new() { ["type"] = System.Net.IPAddress.TryParse(name, out _) ? "ip" : "dns", ["value"] = name };

    /// <summary>key-change (§7.3.5) with every part to be spoilt; on success the client goes on with the new key.</summary>
    public async Task<AcmeAnswer> ChangeKeyAsync(
        AcmeKey newKey, Func<JwsDraft, JwsDraft>? spoilInner = null, Func<JwsDraft, JwsDraft>? spoilOuter = null, Action<JsonObject>? spoilPayload = null)
    {
        var url = await UrlAsync("keyChange");
        var payload = new JsonObject { ["account"] = Kid, ["oldKey"] = Key.Jwk.DeepClone() };
        spoilPayload?.Invoke(payload);
        var inner = new JwsDraft { Key = newKey, Url = url, Payload = payload.ToJsonString() };
        var answer = await PostAsync(url, (spoilInner?.Invoke(inner) ?? inner).WriteText(), spoilOuter);
        if (answer.Status == 200) Key = newKey;
        return answer;
    }

    /// <summary>An external account binding (§7.3.4) of this client's key.</summary>
    public async Task<JsonObject> BindingAsync(string keyId, byte[] macKey, Func<JwsDraft, JwsDraft>? spoil = null, string algorithm = "HS256")
    {
        var draft = new JwsDraft { Key = AcmeKey.Mac(algorithm, macKey), Kid = keyId, Url = await UrlAsync("newAccount"), Payload = Key.Jwk.ToJsonString() };
        return (spoil?.Invoke(draft) ?? draft).Write();
    }
}

/// <summary>new-nonce gave none: the control plane is away.</summary>
internal sealed class NoNonceException() : InvalidOperationException("new-nonce gave no nonce");
