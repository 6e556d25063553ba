using System.Security.Cryptography;
using System.Text.Json.Nodes;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests.Validation;

/// <summary>What a broken or hostile client sends gets the right problem document at once; the logs keep their calm.</summary>
public sealed class BadInputTests(SharedInstance shared) : IAsyncLifetime
{
    private const string Jose = "application/jose+json";
    private readonly HttpClient http = shared.Instance.Http();
    private AcmeClient client = null!;

    public async ValueTask InitializeAsync() => client = await shared.Instance.AccountAsync(http);

    public ValueTask DisposeAsync()
    {
        shared.Instance.AssertLogsWithoutStacks();
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task OversizedBody_Is413() =>
        AssertProblem(await client.PostBodyAsync(await client.UrlAsync("newOrder"), new string('a', 65 * 1024)), 413, "malformed");

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData(null)]
    public async Task WrongContentType_Is415(string? type) =>
        AssertProblem(await client.PostBodyAsync(await client.UrlAsync("newOrder"), "{}", type), 415, "malformed");

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"protected\":1}")]
    [InlineData("{\"protected\":\"e30\",\"payload\":\"e30\",\"signature\":\"AA\"}")]
    [InlineData("{\"protected\":\"%%%\",\"payload\":\"\",\"signature\":\"\"}")]
    [InlineData("\u0000\u0001")]
    public async Task BrokenJsonOrJws_IsMalformed(string body) =>
        AssertProblem(await client.PostBodyAsync(await client.UrlAsync("newOrder"), body, Jose), 400, "malformed");

    [Fact]
    public async Task WrongSignature_IsMalformed() =>
        AssertProblem(await client.PostAsync(await client.UrlAsync("newOrder"), "{}", draft => draft with { Signature = bytes => [(byte)(bytes[0] ^ 1), .. bytes[1..]] }), 400, "malformed");

    [Theory]
    [InlineData("/acme/acme/no-such-thing", 404)]
    [InlineData("/acme/nobody/directory", 404)]
    [InlineData("/acme/acme/order/..%2f..%2fetc", 404)]
    [InlineData("/nothing", 404)]
    [InlineData("/acme/acme/new-order", 405)]
    [InlineData("/acme/acme/order/0123456789abcdef0123456789abcdef", 405)]
    public async Task UnknownPathOrMethod_IsMalformed(string path, int status)
    {
        var answer = await client.GetAsync(shared.Instance.Origin + path);

        AssertProblem(answer, status, "malformed");
        if (status == 405) Assert.Contains("POST", answer.Header("Allow"));
    }

    [Fact]
    public async Task WrongMethod_OfTheDirectory_SaysWhichWork()
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, shared.Instance.Directory);

        var answer = await client.SendAsync(request);

        AssertProblem(answer, 405, "malformed");
        Assert.Contains("GET", answer.Header("Allow"));
    }

    [Fact]
    public async Task HundredAndOneNames_AreMalformed()
    {
        var answer = await client.OrderAsync(Enumerable.Range(0, 101).Select(number => $"n{number}.test"));

        AssertProblem(answer, 400, "malformed");
        Assert.Contains("100", answer.Detail);
    }

    [Theory]
    [InlineData("nul\0.test")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("*")]
    [InlineData("a b.test")]
    [InlineData("..test")]
    public async Task NameThatIsNone_IsMalformed(string name) => AssertProblem(await client.OrderAsync(name), 400, "malformed");

    [Fact]
    public async Task NameOf300Characters_IsMalformed() =>
        AssertProblem(await client.OrderAsync(string.Join('.', Enumerable.Repeat(new string('a', 59), 5)) + ".test"), 400, "malformed");

    [Fact]
    public async Task NameOutsideOfTheRules_IsRejected_WithTheRulesThatDecided()
    {
        var answer = await client.OrderAsync("nas.example", "good.test", "evil.example");

        AssertProblem(answer, 403, "rejectedIdentifier");
        var parts = answer.Json["subproblems"]!.AsArray();
        Assert.Equal(["nas.example", "evil.example"], parts.Select(part => part!["identifier"]!["value"]!.GetValue<string>()));
        Assert.All(parts, part => Assert.Contains("acme", part!["detail"]!.GetValue<string>()));
    }

    [Fact]
    public async Task CsrThatIsNone_IsBadCsr_AndTheOrderStaysReady()
    {
        await using var site = await AnsweringSite.StartAsync(shared, "csr");
        var order = await site.ReadyOrderAsync(client);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        foreach (var csr in new byte[][] { [1, 2, 3], "-----BEGIN CERTIFICATE REQUEST-----"u8.ToArray(), new byte[4096], Csr.Of(key, ["other.test"]), Csr.Of(key, [site.Name, "other.test"]) })
            AssertProblem(await client.FinalizeAsync(order, csr), 400, "badCSR");

        Assert.Equal("ready", (await client.FetchAsync(order.Location!)).Text("status"));
    }

    [Fact]
    public async Task CsrThatIsNoText_IsMalformed()
    {
        await using var site = await AnsweringSite.StartAsync(shared, "text");
        var order = await site.ReadyOrderAsync(client);

        AssertProblem(await client.PostAsync(order.Text("finalize")!, new JsonObject { ["csr"] = 5 }), 400, "malformed");
    }

    private static void AssertProblem(AcmeAnswer answer, int status, string problem)
    {
        Assert.True(answer.Status == status, answer.ToString());
        Assert.Equal(problem, answer.Problem);
        Assert.Equal(status, answer.Json["status"]!.GetValue<int>());
        Assert.NotEmpty(answer.Detail);
    }
}
