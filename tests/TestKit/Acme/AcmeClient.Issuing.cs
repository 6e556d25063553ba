using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace GrpcCa.TestKit.Acme;

/// <summary>The way from names to a certificate (§7.4, §7.5).</summary>
internal sealed partial class AcmeClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45), LongestPause = TimeSpan.FromMilliseconds(30);

    /// <summary>The key authorization of a token (§8.1).</summary>
    public string KeyAuthorization(string token) => $"{token}.{Key.Thumbprint}";

    /// <summary>Everything in one call: order, http-01, finalize, download.</summary>
    public async Task<IssuedCertificate> IssueAsync(params string[] names)
    {
        var order = await ReadyOrderAsync(names);
        var certificateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return await FinishAsync(order, Csr.Of(certificateKey, names), certificateKey);
    }

    /// <summary>An order whose names are all validated.</summary>
    public async Task<AcmeAnswer> ReadyOrderAsync(params string[] names) => await ValidateAsync(Expect(await OrderAsync(names), 201));

    /// <summary>Validates all pending authorizations of an order by http-01; returns the order as it is then.</summary>
    public async Task<AcmeAnswer> ValidateAsync(AcmeAnswer order)
    {
        foreach (var url in Texts(order.Json["authorizations"]))
        {
            var authorization = Expect(await FetchAsync(url), 200);
            if (authorization.Text("status") != "pending") continue;
            var challenge = ChallengeOf(authorization, "http-01");
            var token = challenge["token"]!.GetValue<string>();
            Site!.Put(token, KeyAuthorization(token));
            Expect(await PostAsync(challenge["url"]!.GetValue<string>(), "{}"), 200);
            await UntilAsync(url, a => a.Text("status") != "pending");
        }
        return Expect(await FetchAsync(order.Location!), 200);
    }

    /// <summary>Finalizes a ready order and downloads the chain.</summary>
    public async Task<IssuedCertificate> FinishAsync(AcmeAnswer order, byte[] csr, AsymmetricAlgorithm certificateKey)
    {
        var answer = Expect(await FinalizeAsync(order, csr), 200);
        if (answer.Text("status") == "processing") answer = await UntilAsync(order.Location!, a => a.Text("status") != "processing");
        var url = answer.Text("certificate") ?? throw new InvalidOperationException($"the order has no certificate: {answer}");
        return new IssuedCertificate(Expect(await FetchAsync(url), 200), order.Location!, url, certificateKey);
    }

    /// <summary>finalize (§7.4).</summary>
    public Task<AcmeAnswer> FinalizeAsync(AcmeAnswer order, byte[] csr) => PostAsync(order.Text("finalize")!, FinalizeOf(csr));

    /// <summary>The payload of finalize.</summary>
    public static JsonObject FinalizeOf(byte[] csr) => new() { ["csr"] = Base64Url.EncodeToString(csr) };

    /// <summary>revoke-cert (§7.6) by the account, or with <paramref name="signer"/> by a key.</summary>
    public async Task<AcmeAnswer> RevokeAsync(byte[] der, JsonNode? reason = null, AcmeKey? signer = null)
    {
        var payload = new JsonObject { ["certificate"] = Base64Url.EncodeToString(der) };
        if (reason is not null) payload["reason"] = reason;
        return await PostAsync(await UrlAsync("revokeCert"), payload, d => signer is null ? d : d with { Key = signer, Kid = null });
    }

    /// <summary>The challenge of a type.</summary>
    public static JsonObject ChallengeOf(AcmeAnswer authorization, string type) =>
        authorization.Json["challenges"]!.AsArray().Select(c => c!.AsObject()).Single(c => c["type"]!.GetValue<string>() == type);

    /// <summary>Fetches until a condition holds.</summary>
    public async Task<AcmeAnswer> UntilAsync(string url, Func<AcmeAnswer, bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        var pause = TimeSpan.FromMilliseconds(1);
        while (true)
        {
            var answer = Expect(await FetchAsync(url), 200);
            if (condition(answer)) return answer;
            if (patience.IsCancellationRequested) throw new TimeoutException($"not within {Patience}: {answer}");
            await Task.Delay(pause);
            pause = pause < LongestPause ? pause * 2 : LongestPause;
        }
    }

    public static IReadOnlyList<string> Texts(JsonNode? array) => [.. array!.AsArray().Select(n => n!.GetValue<string>())];

    /// <summary>The answer, when it has the status.</summary>
    public static AcmeAnswer Expect(AcmeAnswer answer, int status) =>
        answer.Status == status ? answer : throw new InvalidOperationException($"expected {status}, got {answer}\nfor {Readable(answer.Sent)}");

    // The payload in the clear: what a failing test has to say.
    private static string Readable(string sent)
    {
        if (sent.Length == 0 || JsonNode.Parse(sent)?["payload"]?.GetValue<string>() is not { } payload) return sent;
        return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(payload));
    }
}

/// <summary>What came of an order.</summary>
internal sealed class IssuedCertificate(AcmeAnswer download, string orderUrl, string url, AsymmetricAlgorithm key)
{
    public string OrderUrl => orderUrl;

    public string Url => url;

    /// <summary>As downloaded.</summary>
    public string Pem => download.Body;

    /// <summary>The whole answer of the download.</summary>
    public AcmeAnswer Download => download;

    /// <summary>The certificate's own key.</summary>
    public AsymmetricAlgorithm Key => key;

    /// <summary>Leaf first.</summary>
    public IReadOnlyList<X509Certificate2> Chain { get; } = ReadChain(download.Body);

    public X509Certificate2 Leaf => Chain[0];

    private static List<X509Certificate2> ReadChain(string pem)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        return [.. chain];
    }
}
