using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist N: nonces (RFC 8555 §6.5, §7.2).</summary>
public sealed class NonceTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private House House => shared.House;

    [Fact]
    public async Task N1_NewNonce_Is200ForHeadAnd204ForGet()
    {
        var client = House.Client();
        var url = await client.UrlAsync("newNonce");
        using var request = new HttpRequestMessage(HttpMethod.Head, url);
        var head = (await client.SendAsync(request)).MustBe(200);
        var get = (await client.GetAsync(url)).MustBe(204);
        Assert.All((AcmeAnswer[])[head, get], a =>
        {
            Assert.Matches("^[A-Za-z0-9_-]+$", a.Nonce);
            Assert.Equal("no-store", a.Header("Cache-Control"));
            Assert.Empty(a.Body);
        });
        Assert.NotEqual(head.Nonce, get.Nonce);
    }

    [Fact]
    public async Task N2_EveryPost_GivesAFreshNonceThatWorks()
    {
        var client = House.Client();
        var url = await client.UrlAsync("newAccount");
        var created = await client.RegisterAsync();
        var refused = await client.PostBodyAsync(url, "no JSON");
        var foreign = await client.PostAsync(url, "{}", d => d with { Kid = null, Nonce = "AAAA" });
        var lost = await client.FetchAsync($"{House.Gateway.Origin}/acme/acme/order/none");
        var wrongType = await client.PostBodyAsync(url, "{}", "text/plain");
        foreach (var answer in (AcmeAnswer[])[created, refused, foreign, lost, wrongType])
            (await client.PostAsync(client.Kid!, "", d => d with { Nonce = answer.Nonce })).MustBe(200);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("q-1ZBpJ0_mTpZl8mCwXaL0xWqkC0g5kRaH4QWGcKrCk")]
    public async Task N3_ForeignNonce_IsBadNonceAndTheFreshOneWorks(string nonce)
    {
        var client = await House.AccountAsync();
        var refused = (await client.PostAsync(client.Kid!, "", d => d with { Nonce = nonce })).MustBe(400, "badNonce");
        (await client.PostAsync(client.Kid!, "", d => d with { Nonce = refused.Nonce })).MustBe(200);
    }

    [Fact]
    public async Task N3_MissingNonce_IsBadNonce()
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(client.Kid!, "", d => d with { Nonce = null })).MustBe(400, "badNonce");
    }

    [Fact]
    public async Task N3_UsedNonce_IsBadNonce()
    {
        var client = await House.AccountAsync();
        var draft = await client.DraftAsync(client.Kid!);
        (await client.PostBodyAsync(client.Kid!, draft.WriteText())).MustBe(200);
        (await client.PostBodyAsync(client.Kid!, draft.WriteText())).MustBe(400, "badNonce");
    }

    [Theory]
    [InlineData("not base64url!")]
    [InlineData("AAAA==")]
    [InlineData("AA+/")]
    [InlineData("A")]
    public async Task N3_NonceThatIsNotBase64Url_IsMalformed(string nonce)
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(client.Kid!, "", d => d with { Nonce = nonce })).MustBe(400, "malformed");
    }

    [Fact]
    public async Task N3_HugeOrWronglyTypedNonce_IsRefusedWithoutAFault()
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(client.Kid!, "", d => d with { Nonce = new string('A', 8000) })).MustBe(400, "badNonce");
        foreach (var json in (string[])["7", "null", "true", "[]", "{}", "1e400"])
            (await client.PostAsync(client.Kid!, "", d => d with { HeaderText = h => h.Replace($"\"{d.Nonce}\"", json, StringComparison.Ordinal) })).MustBe(400, "malformed");
    }

    public static TheoryData<string> Faults => ["signature", "alg", "url", "kid", "jwk and kid", "payload", "unknown order", "crit", "outer member"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task N4_NonceOfARefusedRequest_IsUsedUp(string fault)
    {
        var client = await House.AccountAsync();
        var nonce = await client.NonceAsync();
        var target = fault == "unknown order" ? $"{House.Gateway.Origin}/acme/acme/order/none" : client.Kid!;
        var refused = await client.PostAsync(target, fault == "payload" ? "[" : "", d => (d with { Nonce = nonce }) with
        {
            Signature = fault == "signature" ? s => [.. s.Reverse()] : null,
            Header = h =>
            {
                if (fault == "alg") h["alg"] = "none";
                if (fault == "url") h["url"] = "https://elsewhere.example/";
                if (fault == "kid") h["kid"] = "https://elsewhere.example/acme/acme/account/1";
                if (fault == "jwk and kid") h["jwk"] = d.Key.Jwk.DeepClone();
                if (fault == "crit") h["crit"] = new System.Text.Json.Nodes.JsonArray("exp");
            },
            Outer = fault == "outer member" ? o => o["header"] = new System.Text.Json.Nodes.JsonObject() : null,
        });
        Assert.InRange(refused.Status, 400, 499);
        (await client.PostAsync(client.Kid!, "", d => d with { Nonce = nonce })).MustBe(400, "badNonce");
    }

    [Fact]
    public async Task N4_Nonces_WorkAtAnyResourceAndGateway()
    {
        var other = await House.AddGatewayAsync("two");
        var client = await House.AccountAsync();
        var there = client.At(new Uri($"{other.Origin}/acme/acme/directory"));
        var nonces = new List<string>();
        for (var i = 0; i < 20; i++) nonces.Add(await (i % 2 == 0 ? client : there).NonceAsync());
        var urls = new[] { client.Kid!, await client.UrlAsync("newOrder"), client.DirectoryUrl.ToString() };
        for (var i = 0; i < nonces.Count; i++)
        {
            var url = urls[i % 3];
            var payload = i % 3 == 1 ? AcmeClient.OrderOf($"n4-{i}.test").ToJsonString() : "";
            Assert.InRange((await client.PostAsync(url, payload, d => d with { Nonce = nonces[i] })).Status, 200, 201);
        }
    }

    [Fact]
    public async Task N4_ThousandsOfUnusedNonces_VoidNobodys()
    {
        var client = await House.AccountAsync();
        var first = await client.NonceAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) => await client.NonceAsync());
        (await client.PostAsync(client.Kid!, "", d => d with { Nonce = first })).MustBe(200);
    }

    [Fact]
    public async Task N5_TwoParallelUses_ExactlyOneSucceeds()
    {
        var client = await House.AccountAsync();
        for (var round = 0; round < 10; round++)
        {
            var nonce = await client.NonceAsync();
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.PostAsync(client.Kid!, "", d => d with { Nonce = nonce })));
            Assert.Single(answers, a => a.Status == 200);
            Assert.All(answers.Where(a => a.Status != 200), a => a.MustBe(400, "badNonce"));
        }
    }
}
