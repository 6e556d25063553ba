using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist D: the directory and the transport (RFC 8555 §6.1–6.4, §7.1.1).</summary>
public sealed class DirectoryTests(DirectoryTests.WithTerms shared) : IClassFixture<DirectoryTests.WithTerms>
{
    private const string Terms = "https://home.example/terms";

    private House House => shared.House;

    private string Origin => House.Gateway.Origin;

    /// <summary>A provisioner with everything that meta can hold.</summary>
    public sealed class WithTerms : SharedHouse
    {
        private protected override HouseSettings Settings { get; } = new() { Provisioners = [new HouseProvisioner("terms") { TermsOfServiceUrl = Terms, WebsiteUrl = "https://home.example/" }] };
    }

    [Fact]
    public async Task D1_Directory_HasAbsoluteUrlsOfWhatWorks()
    {
        var answer = (await House.Client().GetAsync($"{Origin}/acme/acme/directory")).MustBe(200);
        Assert.Equal("application/json", answer.ContentType);
        foreach (var resource in (string[])["newNonce", "newAccount", "newOrder", "newAuthz", "revokeCert", "keyChange"])
            Assert.StartsWith($"{Origin}/acme/acme/", answer.Text(resource));
        Assert.Null(answer.Header("Link"));
    }

    [Fact]
    public async Task D1_EveryAdvertisedUrl_Works()
    {
        var client = House.Client();
        var directory = (await client.GetAsync(client.DirectoryUrl.ToString())).Json;
        foreach (var (name, url) in directory.Where(m => m.Key is not ("meta" or "newNonce" or "renewalInfo")))
        {
            var answer = await client.PostBodyAsync(url!.GetValue<string>(), "{}");
            Assert.True(answer is { Status: 400, Problem: "malformed" }, $"{name}: {answer}");
        }
    }

    [Fact]
    public async Task D1_Meta_HoldsOnlyWhatIsSet()
    {
        var plain = (await House.Client().GetAsync($"{Origin}/acme/acme/directory")).Json["meta"]?.AsObject() ?? [];
        Assert.False(plain.ContainsKey("termsOfService"));
        Assert.False(plain.ContainsKey("website"));
        Assert.False(plain.ContainsKey("externalAccountRequired"));
        var full = (await House.Client().GetAsync($"{Origin}/acme/terms/directory")).Json["meta"]!.AsObject();
        Assert.Equal(Terms, full["termsOfService"]!.GetValue<string>());
        Assert.Equal("https://home.example/", full["website"]!.GetValue<string>());
    }

    [Fact]
    public async Task D1_Profiles_AreDescribedInSentences()
    {
        var profiles = (await House.Client().GetAsync($"{Origin}/acme/acme/directory")).Json["meta"]!["profiles"]!.AsObject();
        Assert.Equal(["default", "nixos", "server", "short"], profiles.Select(p => p.Key).Order());
        Assert.All(profiles, p => Assert.EndsWith(".", p.Value!.GetValue<string>()));
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("two.ca.test")]
    [InlineData("one.ca.test:1")]
    public async Task D2_UndeclaredHost_IsNeverEchoed(string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Origin}/acme/acme/directory");
        request.Headers.Host = host;
        var answer = (await House.Client().SendAsync(request)).MustBe(200);
        Assert.DoesNotContain(host, answer.Body, StringComparison.Ordinal);
        Assert.StartsWith(Origin, answer.Text("newNonce"));
    }

    [Fact]
    public async Task D4_LinkIndex_IsOnEveryAnswerButTheDirectory()
    {
        var client = await House.AccountAsync();
        var order = await client.OrderAsync("d4.test");
        var authorization = await client.FetchAsync(order.Texts("authorizations")[0]);
        var challenge = await client.FetchAsync(AcmeClient.ChallengeOf(authorization, "http-01")["url"]!.GetValue<string>());
        var account = await client.FetchAsync(client.Kid!);
        var refusal = await client.FetchAsync($"{Origin}/acme/acme/order/none");
        AcmeAnswer[] answers = [order, authorization, challenge, account, refusal, await client.GetAsync(await client.UrlAsync("newNonce"))];
        Assert.All(answers, a => Assert.Equal([client.DirectoryUrl.ToString()], a.Links("index")));
    }

    [Fact]
    public async Task D5_Answers_AreNotStoredAndReadableForBrowsers()
    {
        var client = await House.AccountAsync();
        var nonce = await client.GetAsync(await client.UrlAsync("newNonce"));
        var order = await client.OrderAsync("d5.test");
        Assert.All((AcmeAnswer[])[nonce, order], a => Assert.Equal("no-store", a.Header("Cache-Control")));
        Assert.Equal("*", nonce.Header("Access-Control-Allow-Origin"));
        foreach (var name in (string[])["Link", "Location", "Replay-Nonce", "Retry-After"])
            Assert.Contains(name, order.Header("Access-Control-Expose-Headers")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task D5_Preflight_IsAnswered()
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, $"{Origin}/acme/acme/new-order");
        request.Headers.Add("Origin", "https://browser.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "content-type");
        var answer = await House.Client().SendAsync(request);
        Assert.True(answer.Status is 200 or 204, $"{answer}");
        Assert.Equal("*", answer.Header("Access-Control-Allow-Origin"));
        Assert.Contains("POST", answer.Header("Access-Control-Allow-Methods")!, StringComparison.Ordinal);
        Assert.Contains("Content-Type", answer.Header("Access-Control-Allow-Headers")!, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task D6_PostAsGet_WorksOnDirectoryAndNewNonce()
    {
        var client = await House.AccountAsync();
        var directory = (await client.FetchAsync(client.DirectoryUrl.ToString())).MustBe(200);
        Assert.Equal(await client.UrlAsync("newNonce"), directory.Text("newNonce"));
        Assert.NotNull((await client.FetchAsync(await client.UrlAsync("newNonce"))).MustBe(204).Nonce);
    }

    [Theory]
    [InlineData("order/x")]
    [InlineData("authz/x")]
    [InlineData("challenge/x/y")]
    [InlineData("certificate/x")]
    [InlineData("account/x")]
    [InlineData("account/x/orders")]
    [InlineData("new-account")]
    [InlineData("new-order")]
    [InlineData("revoke-cert")]
    [InlineData("key-change")]
    public async Task D6_GetOfAnotherResource_IsMalformed405WithAllow(string path)
    {
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Patch])
        {
            using var request = new HttpRequestMessage(method, $"{Origin}/acme/acme/{path}");
            var answer = (await House.Client().SendAsync(request)).MustBe(405, "malformed");
            Assert.Contains("POST", answer.Header("Allow")!, StringComparison.Ordinal);
            Assert.DoesNotContain("GET", answer.Header("Allow")!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task D6a_ChunkedBody_IsRead()
    {
        var client = House.Client();
        var draft = await client.DraftAsync(await client.UrlAsync("newAccount"), "{}");
        using var request = new HttpRequestMessage(HttpMethod.Post, draft.Url) { Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(draft.WriteText()))) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/jose+json");
        request.Content.Headers.ContentLength = null;
        request.Headers.TransferEncodingChunked = true;
        (await client.SendAsync(request)).MustBe(201);
    }

    [Fact]
    public async Task D6a_Json_IsWrittenWithoutNeedlessEscapes()
    {
        var client = await House.AccountAsync();
        var account = await client.PostAsync(client.Kid!, new JsonObject { ["contact"] = new JsonArray("mailto:a+b@home.example") });
        var refusal = await client.OrderAsync("not+allowed&at<all>.example");
        Assert.All((AcmeAnswer[])[account, refusal, await client.GetAsync(client.DirectoryUrl.ToString())], a =>
        {
            Assert.DoesNotContain("\\/", a.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("\\u00", a.Body, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("application/jose+jsonx")]
    public async Task D6b_OtherContentType_IsMalformed415(string? contentType)
    {
        var client = House.Client();
        var draft = await client.DraftAsync(await client.UrlAsync("newAccount"), "{}");
        (await client.PostBodyAsync(draft.Url!, draft.WriteText(), contentType)).MustBe(415, "malformed");
        // Nothing was read, so the nonce is still good.
        (await client.PostBodyAsync(draft.Url!, draft.WriteText())).MustBe(201);
    }

    [Theory]
    [InlineData("application/jose+json; charset=utf-8")]
    [InlineData("application/JOSE+json;q=1")]
    public async Task D6b_ContentTypeWithParameters_IsFine(string contentType)
    {
        var client = House.Client();
        var draft = await client.DraftAsync(await client.UrlAsync("newAccount"), "{}");
        (await client.PostBodyAsync(draft.Url!, draft.WriteText(), contentType)).MustBe(201);
    }

    [Theory]
    [InlineData("/acme/acme/nothing")]
    [InlineData("/acme/acme/order/a/b/c")]
    [InlineData("/acme/nobody/directory")]
    [InlineData("/acme/acme/directory/")]
    [InlineData("/acme/ACME/directory")]
    [InlineData("/acme/acme//directory")]
    [InlineData("/acme/acme/%64irectory")]
    [InlineData("/acme/")]
    public async Task D7_UnknownPath_IsMalformed404(string path)
    {
        var client = House.Client();
        (await client.GetAsync(Origin + path)).MustBe(404, "malformed");
        (await client.PostBodyAsync(Origin + path, "{}")).MustBe(404, "malformed");
    }

    [Fact]
    public async Task D7_BodyOverTheLimit_IsMalformed413()
    {
        var client = House.Client();
        var url = await client.UrlAsync("newAccount");
        (await client.PostBodyAsync(url, new string(' ', 64 * 1024 + 1))).MustBe(413, "malformed");
        (await client.PostBodyAsync(url, new string(' ', 64 * 1024))).MustBe(400, "malformed");
    }

    [Fact]
    public async Task D8_ReplayNonceOfARequest_IsIgnored()
    {
        var client = House.Client();
        var draft = await client.DraftAsync(await client.UrlAsync("newAccount"), "{}");
        using var request = new HttpRequestMessage(HttpMethod.Post, draft.Url) { Content = new StringContent(draft.WriteText()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/jose+json");
        request.Headers.TryAddWithoutValidation("Replay-Nonce", "!!! not a nonce");
        (await client.SendAsync(request)).MustBe(201);
    }

    [Fact]
    public async Task D8_HeadOfTheDirectory_HasTheHeadersOfGet()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"{Origin}/acme/acme/directory");
        var head = (await House.Client().SendAsync(request)).MustBe(200);
        Assert.Equal("application/json", head.ContentType);
        Assert.Empty(head.Body);
    }

    [Fact]
    public async Task D8_RequestWithoutUserAgent_IsAnswered()
    {
        // The client sends none at all, unless a test says so.
        (await House.Client().GetAsync($"{Origin}/acme/acme/directory")).MustBe(200);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Origin}/acme/acme/directory");
        request.Headers.TryAddWithoutValidation("User-Agent", new string('u', 5000));
        (await House.Client().SendAsync(request)).MustBe(200);
    }

    [Fact]
    public async Task D9_TwoDirectories_ShareNoAccountsAndNoOrders()
    {
        var client = await House.AccountAsync();
        var order = await client.OrderAsync("d9.test");
        var elsewhere = House.Client("nixos", key: client.Key);
        elsewhere.Kid = client.Kid;
        (await elsewhere.OrderAsync("d9.test")).MustBe(400, "accountDoesNotExist");
        (await elsewhere.RegisterAsync()).MustBe(201);
        Assert.NotEqual(client.Kid, elsewhere.Kid);
        (await elsewhere.FetchAsync(order.Location!.Replace("/acme/acme/", "/acme/nixos/", StringComparison.Ordinal))).MustBe(404, "malformed");
        (await elsewhere.FetchAsync(order.Texts("authorizations")[0].Replace("/acme/acme/", "/acme/nixos/", StringComparison.Ordinal))).MustBe(404, "malformed");
    }
}

/// <summary>Checklist D3 and D7 below HTTP: what comes without TLS or is no HTTP.</summary>
public sealed class TransportTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    [Theory]
    [InlineData("directory")]
    [InlineData("new-nonce")]
    [InlineData("new-account")]
    public async Task D3_PlainHttp_AnswersNoAcmeResource(string path)
    {
        using var http = new HttpClient();
        var url = new Uri(shared.House.Gateway.Http, $"/acme/acme/{path}");
        using var got = await http.GetAsync(url);
        using var posted = await http.PostAsync(url, new StringContent("{}", new MediaTypeHeaderValue("application/jose+json")));
        foreach (var response in (HttpResponseMessage[])[got, posted])
        {
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.False(response.Headers.Contains("Replay-Nonce"));
            Assert.DoesNotContain("newAccount", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("GET /acme/acme/directory HTTP/1.1\r\nHost: one.ca.test\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001 no client hello at all\r\n\r\n")]
    public async Task D3_PlainTextAtTheHttpsPort_GetsNoAnswerOfAcme(string text)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, shared.House.Gateway.Https.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text));
        socket.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        string answer;
        try
        {
            answer = await reader.ReadToEndAsync();
        }
        catch (IOException)
        {
            // A reset is an answer, too.
            answer = "";
        }
        Assert.DoesNotContain("newNonce", answer, StringComparison.Ordinal);
        (await shared.House.Client().GetAsync($"{shared.House.Gateway.Origin}/acme/acme/directory")).MustBe(200);
    }
}
