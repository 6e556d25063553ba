using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist A: accounts (RFC 8555 §7.3).</summary>
public sealed class AccountTests(AccountTests.WithTerms shared) : IClassFixture<AccountTests.WithTerms>
{
    private const string Terms = "https://home.example/terms";

    private House House => shared.House;

    /// <summary>A second provisioner has terms to agree to; pages of orders are short.</summary>
    public sealed class WithTerms : SharedHouse
    {
        private protected override HouseSettings Settings { get; } = new()
        {
            Provisioners = [new HouseProvisioner("terms") { TermsOfServiceUrl = Terms }],
            Options = { ["Orders:PageSize"] = "3" },
        };
    }

    private static JsonObject Contact(params string[] contacts) => new() { ["contact"] = new JsonArray([.. contacts.Select(c => (JsonNode)c)]) };

    [Fact]
    public async Task A1_NewAccount_Is201WithLocationAndObject()
    {
        var client = House.Client();
        var answer = (await client.RegisterAsync(Contact("mailto:admin@home.example"))).MustBe(201);
        Assert.StartsWith($"{House.Gateway.Origin}/acme/acme/account/", answer.Location);
        Assert.Equal("valid", answer.Text("status"));
        Assert.Equal(["mailto:admin@home.example"], answer.Texts("contact"));
        Assert.Equal($"{answer.Location}/orders", answer.Text("orders"));
        Assert.NotNull(answer.Nonce);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"contact":["mailto:other@home.example"]}""")]
    [InlineData("""{"onlyReturnExisting":true}""")]
    [InlineData("""{"onlyReturnExisting":true,"contact":["mailto:other@home.example"]}""")]
    [InlineData("""{"contact":["tel:1"],"externalAccountBinding":{"protected":"x"}}""")]
    [InlineData("""{"contact":7,"onlyReturnExisting":"no"}""")]
    public async Task A2_ExistingKey_Is200WithTheSameLocationWhateverElseIsSaid(string payload)
    {
        var client = House.Client();
        (await client.RegisterAsync(Contact("mailto:first@home.example"))).MustBe(201);
        var location = client.Kid;
        var again = (await client.PostAsync(await client.UrlAsync("newAccount"), payload, d => d with { Kid = null })).MustBe(200);
        Assert.Equal(location, again.Location);
        Assert.Equal(["mailto:first@home.example"], again.Texts("contact"));
    }

    [Fact]
    public async Task A3_OnlyReturnExistingWithUnknownKey_CreatesNothing()
    {
        var before = await House.CountRowsAsync();
        var client = House.Client();
        (await client.RegisterAsync(new JsonObject { ["onlyReturnExisting"] = true })).MustBe(400, "accountDoesNotExist");
        Assert.Equal(before, await House.CountRowsAsync());
    }

    [Theory]
    [InlineData("tel:+12025551212", "unsupportedContact")]
    [InlineData("https://home.example/", "unsupportedContact")]
    [InlineData("mailto:", "invalidContact")]
    [InlineData("mailto:nobody", "invalidContact")]
    [InlineData("mailto:a@home.example,b@home.example", "invalidContact")]
    [InlineData("mailto:a@home.example?subject=x", "invalidContact")]
    [InlineData("mailto:a b@home.example", "invalidContact")]
    [InlineData("mailto:<a@home.example>", "invalidContact")]
    [InlineData("mailto:\"A\" a@home.example", "invalidContact")]
    [InlineData("mailto:a@", "invalidContact")]
    [InlineData("mailto:@home.example", "invalidContact")]
    [InlineData("admin@home.example", "invalidContact")]
    [InlineData("", "invalidContact")]
    public async Task A4_BadContact_IsRefusedAtCreationAndUpdate(string contact, string type)
    {
        var before = (await House.CountRowsAsync())["accounts"];
        (await House.Client().RegisterAsync(Contact("mailto:good@home.example", contact))).MustBe(400, type);
        Assert.Equal(before, (await House.CountRowsAsync())["accounts"]);
        var client = await House.AccountAsync();
        (await client.PostAsync(client.Kid!, Contact(contact))).MustBe(400, type);
    }

    [Fact]
    public async Task A4_ElevenContacts_AreMalformed() =>
        (await House.Client().RegisterAsync(Contact([.. Enumerable.Range(0, 11).Select(i => $"mailto:a{i}@home.example")]))).MustBe(400, "malformed", "10");

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"termsOfServiceAgreed":false}""")]
    public async Task A5_TermsNotAgreed_IsUserActionRequiredWithLink(string payload)
    {
        var client = House.Client("terms");
        var answer = (await client.RegisterAsync(JsonNode.Parse(payload)!.AsObject())).MustBe(403, "userActionRequired", Terms);
        Assert.Equal([Terms], answer.Links("terms-of-service"));
        (await client.RegisterAsync(new JsonObject { ["onlyReturnExisting"] = true })).MustBe(400, "accountDoesNotExist");
    }

    [Fact]
    public async Task A5_TermsAgreed_AreShownInTheAccount()
    {
        var client = House.Client("terms");
        var answer = (await client.RegisterAsync(new JsonObject { ["termsOfServiceAgreed"] = true })).MustBe(201);
        Assert.True(answer.Json["termsOfServiceAgreed"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A6_AccountUrl_AnswersItsOwnAccountOnly()
    {
        var mine = await House.AccountAsync();
        var other = await House.AccountAsync();
        foreach (var payload in (string[])["", "{}", """{"status":"deactivated"}""", """{"contact":[]}"""])
            (await mine.PostAsync(other.Kid!, payload)).MustBe(403, "unauthorized");
        (await mine.PostAsync($"{House.Gateway.Origin}/acme/acme/account/none", "")).MustBe(403, "unauthorized");
        Assert.Equal("valid", (await other.FetchAsync(other.Kid!)).Text("status"));
    }

    [Fact]
    public async Task A6_Contact_IsUpdatedAndCleared()
    {
        var client = House.Client();
        await client.RegisterAsync(Contact("mailto:a@home.example"));
        Assert.Equal(["mailto:b@home.example", "mailto:c@home.example"], (await client.PostAsync(client.Kid!, Contact("mailto:b@home.example", "mailto:c@home.example"))).MustBe(200).Texts("contact"));
        Assert.Equal(2, (await client.PostAsync(client.Kid!, "{}")).MustBe(200).Texts("contact").Count);
        Assert.Equal(2, (await client.FetchAsync(client.Kid!)).MustBe(200).Texts("contact").Count);
        Assert.Empty((await client.PostAsync(client.Kid!, Contact())).MustBe(200).Texts("contact"));
        Assert.Empty((await client.FetchAsync(client.Kid!)).MustBe(200).Texts("contact"));
    }

    [Fact]
    public async Task A6_MembersThatAreNotTheClients_AreIgnoredAndNotReflected()
    {
        var client = await House.AccountAsync();
        var answer = (await client.PostAsync(client.Kid!, """{"orders":"https://evil.example/","key":{"kty":"oct"},"id":"7","termsOfServiceAgreed":true}""")).MustBe(200);
        Assert.Equal($"{client.Kid}/orders", answer.Text("orders"));
        Assert.DoesNotContain("evil", answer.Body, StringComparison.Ordinal);
        Assert.Equal(client.Key.Jwk.ToJsonString(), answer.Json["key"]!.ToJsonString());
        Assert.False(answer.Json.ContainsKey("id"));
    }

    [Theory]
    [InlineData("\"valid\"")]
    [InlineData("\"revoked\"")]
    [InlineData("\"\"")]
    [InlineData("7")]
    public async Task A6_StatusOtherThanDeactivated_IsMalformed(string status)
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(client.Kid!, $$"""{"status":{{status}}}""")).MustBe(400, "malformed");
        Assert.Equal("valid", (await client.FetchAsync(client.Kid!)).Text("status"));
    }

    [Theory]
    [MemberData(nameof(JwsTests.Algorithms), MemberType = typeof(JwsTests))]
    public async Task A6a_AccountObject_CarriesTheKey(string algorithm)
    {
        var client = await House.AccountAsync(key: JwsTests.KeyFor(algorithm));
        Assert.Equal(client.Key.Jwk.ToJsonString(), (await client.FetchAsync(client.Kid!)).Json["key"]!.ToJsonString());
    }

    [Fact]
    public async Task A7_Deactivated_EndsEverythingButTheCertificates()
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("a7.test");
        var order = await client.OrderAsync("a7-pending.test");
        Assert.Equal("deactivated", (await client.PostAsync(client.Kid!, """{"status":"deactivated"}""")).MustBe(200).Text("status"));
        foreach (var url in (string[])[client.Kid!, order.Location!, order.Texts("authorizations")[0], issued.Url, $"{client.Kid}/orders"])
            (await client.FetchAsync(url)).MustBe(401, "unauthorized");
        (await client.OrderAsync("a7.test")).MustBe(401, "unauthorized");
        (await client.PostAsync(client.Kid!, """{"status":"deactivated"}""")).MustBe(401, "unauthorized");
        (await client.RevokeAsync(issued.Leaf.RawData)).MustBe(401, "unauthorized");
        // The certificate is not revoked by it: its own key can still do that, once.
        (await client.RevokeAsync(issued.Leaf.RawData, signer: AcmeKey.Of(issued.Key))).MustBe(200);
    }

    [Fact]
    public async Task A8_KeyOfADeactivatedAccount_MakesNoNewOne()
    {
        var client = await House.AccountAsync();
        await client.PostAsync(client.Kid!, """{"status":"deactivated"}""");
        var before = (await House.CountRowsAsync())["accounts"];
        (await client.RegisterAsync()).MustBe(401, "unauthorized");
        (await client.RegisterAsync(new JsonObject { ["onlyReturnExisting"] = true })).MustBe(401, "unauthorized");
        Assert.Equal(before, (await House.CountRowsAsync())["accounts"]);
    }

    [Fact]
    public async Task A9_Orders_ArePagedNewestFirstAndNobodyElses()
    {
        var client = await House.AccountAsync();
        var stranger = await House.AccountAsync();
        await stranger.OrderAsync("a9-stranger.test");
        var made = new List<string>();
        for (var i = 0; i < 8; i++) made.Add((await client.OrderAsync($"a9-{i}.test")).Location!);
        var seen = new List<string>();
        var url = (await client.FetchAsync(client.Kid!)).Text("orders");
        for (var pages = 0; url is not null; pages++)
        {
            Assert.InRange(pages, 0, 3);
            var page = (await client.FetchAsync(url, d => d with { Url = url })).MustBe(200);
            Assert.InRange(page.Texts("orders").Count, 1, 3);
            seen.AddRange(page.Texts("orders"));
            url = page.Links("next").SingleOrDefault();
        }
        Assert.Equal(made.Order(), seen.Order());
        (await stranger.FetchAsync($"{client.Kid}/orders")).MustBe(403, "unauthorized");
    }

    [Fact]
    public async Task A10_NewAccountFromManyConnectionsAtOnce_IsOneAccount()
    {
        var client = House.Client();
        var url = await client.UrlAsync("newAccount");
        var before = (await House.CountRowsAsync())["accounts"];
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => client.PostAsync(url, "{}")));
        Assert.Single(answers, a => a.Status == 201);
        Assert.Equal(29, answers.Count(a => a.Status == 200));
        Assert.Single(answers.Select(a => a.Location).Distinct());
        Assert.Equal(before + 1, (await House.CountRowsAsync())["accounts"]);
    }
}
