using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using Microsoft.AspNetCore.Http;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist L: limits (RFC 8555 §6.6).</summary>
public sealed class LimitTests : IAsyncLifetime
{
    private readonly HouseSettings settings = new()
    {
        Options = new(StringComparer.OrdinalIgnoreCase)
        {
            ["Limits:OrdersPerAccount"] = "4",
            ["Limits:OrdersPerName"] = "2",
            ["Limits:PendingAuthorizationsPerAccount"] = "3",
            ["Limits:FailedValidationsPerAccountAndName"] = "1",
            ["Limits:AccountsPerAddress"] = "3",
            ["Limits:HelpUrl"] = "https://ca.test/limits",
        },
    };

    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.StartAsync(settings);

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    public async Task L1_Orders_OverTheLimit_Are429WithEverythingAClientNeeds_AlsoAfterARestart()
    {
        var alice = await house.AccountAsync();
        // Refused requests use up nothing: neither by policy nor by another limit.
        for (var i = 0; i < 6; i++) Assert.Equal("rejectedIdentifier", (await alice.OrderAsync("nas.forbidden")).Problem);
        for (var i = 0; i < 6; i++) Limited(await alice.OrderAsync("a.test", "b.test", "c.test", "d.test"), "pendingAuthorizationsPerAccount", "3 pending");
        await alice.IssueAsync("a.test");
        for (var i = 0; i < 3; i++) AcmeClient.Expect(await alice.OrderAsync($"n{i}.test"), 201);
        var rows = await house.CountRowsAsync();

        var refused = Limited(await alice.OrderAsync("n3.test"), "ordersPerAccount", "4 new orders of one account in 3 hours");

        Assert.InRange(int.Parse(refused.Header("Retry-After")!), 1, 3 * 3600 / 4);
        Assert.Equal(["https://ca.test/limits"], refused.Links("help"));
        Assert.NotEmpty(refused.Nonce!);
        Assert.Equal(rows, await house.CountRowsAsync());
        Limited(await alice.PostAsync(await alice.UrlAsync("newAuthz"), """{"identifier":{"type":"dns","value":"n3.test"}}"""), "ordersPerAccount", "4 new orders");
        AcmeClient.Expect(await (await house.AccountAsync()).OrderAsync("n3.test"), 201);
        await house.RestartControlPlaneAsync();
        await house.RestartAsync(house.Gateway);
        Limited(await alice.OrderAsync("n3.test"), "ordersPerAccount", "4 new orders");
    }

    [Fact]
    public async Task L2_Names_OverTheirLimit_AreSubproblems()
    {
        var (alice, bob) = (await house.AccountAsync(), await house.AccountAsync());
        AcmeClient.Expect(await bob.OrderAsync("nas.test"), 201);
        AcmeClient.Expect(await bob.OrderAsync("nas.test"), 201);

        var refused = Limited(await bob.OrderAsync("tv.test", "nas.test"), "ordersPerName", "2 new orders of the account for nas.test in 7 days");

        var part = Assert.Single(refused.Json["subproblems"]!.AsArray())!;
        Assert.Equal("nas.test", part["identifier"]!["value"]!.GetValue<string>());
        Assert.Equal("urn:ietf:params:acme:error:rateLimited", part["type"]!.GetValue<string>());
        // Another account's share of the name is its own.
        AcmeClient.Expect(await alice.OrderAsync("nas.test"), 201);
    }

    [Fact]
    public async Task L2_IdentifiersContactsAndBodies_AreBounded()
    {
        var alice = await house.AccountAsync();
        (await alice.OrderAsync(Enumerable.Range(0, 101).Select(i => $"n{i}.test"))).MustBe(400, "malformed", "identifiers");
        var contacts = new System.Text.Json.Nodes.JsonArray([.. Enumerable.Range(0, 11).Select(i => (System.Text.Json.Nodes.JsonNode)$"mailto:a{i}@home.test")]);
        (await alice.PostAsync(alice.Kid!, new System.Text.Json.Nodes.JsonObject { ["contact"] = contacts })).MustBe(400);
        (await alice.PostBodyAsync(await alice.UrlAsync("newOrder"), new string(' ', 70_000) + "{}")).MustBe(413, "malformed");
    }

    [Fact]
    public async Task L2_Accounts_FromOneAddress_AreLimited_AndExistingOnesAreAlwaysFound()
    {
        var alice = await house.AccountAsync();
        var kid = alice.Kid;
        for (var i = 0; i < 5; i++) Assert.Equal(200, (await alice.RegisterAsync()).Status);
        await house.AccountAsync();
        // Refused before the limit: costs nothing.
        Assert.Equal("unsupportedContact", (await house.Client().RegisterAsync(new() { ["termsOfServiceAgreed"] = true, ["contact"] = new System.Text.Json.Nodes.JsonArray("tel:1") })).Problem);
        await house.AccountAsync();

        Limited(await house.Client().RegisterAsync(), "accountsPerAddress", "3 new accounts from one address in 3 hours");

        Assert.Equal(200, (await alice.RegisterAsync()).Status);
        Assert.Equal(kid, alice.Kid);
    }

    [Fact]
    public async Task L2_PendingAuthorizations_GiveRoomWhenTheyEnd()
    {
        var alice = await house.AccountAsync();
        var first = AcmeClient.Expect(await alice.OrderAsync("a.test", "b.test", "c.test"), 201);
        Limited(await alice.OrderAsync("d.test"), "pendingAuthorizationsPerAccount", "finish or deactivate some");

        await alice.PostAsync(AcmeClient.Texts(first.Json["authorizations"])[0], """{"status":"deactivated"}""");

        AcmeClient.Expect(await alice.OrderAsync("d.test"), 201);
    }

    [Fact]
    public async Task L2_FailedValidations_RefuseAnotherAttempt_OfThatNameAlone()
    {
        house.Site.Behave("bad.test", http =>
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        var alice = await house.AccountAsync();
        var (failed, again) = (await ChallengeAsync(alice, "bad.test"), await ChallengeAsync(alice, "bad.test"));
        AcmeClient.Expect(await alice.PostAsync(failed, "{}"), 200);
        var status = await alice.UntilAsync(failed, challenge => challenge.Text("status") != "processing");
        Assert.Equal("invalid", status.Text("status"));

        Limited(await alice.PostAsync(again, "{}"), "failedValidationsPerAccountAndName", "1 failed validations of bad.test by one account in 1 hour");

        // It waits, unharmed; the failed one can be looked at; another name goes on.
        Assert.Equal("pending", AcmeClient.Expect(await alice.FetchAsync(again), 200).Text("status"));
        Assert.Equal("invalid", AcmeClient.Expect(await alice.PostAsync(failed, "{}"), 200).Text("status"));
        await alice.IssueAsync("good.test");
    }

    private static async Task<string> ChallengeAsync(AcmeClient client, string name)
    {
        var order = AcmeClient.Expect(await client.OrderAsync(name), 201);
        var authorization = await client.FetchAsync(AcmeClient.Texts(order.Json["authorizations"])[0]);
        return AcmeClient.ChallengeOf(authorization, "http-01")["url"]!.GetValue<string>();
    }

    private static AcmeAnswer Limited(AcmeAnswer answer, string limit, string saying)
    {
        Assert.True(answer is { Status: 429, Problem: "rateLimited" }, $"expected 429 rateLimited, got {answer}");
        Assert.Contains($"the limit {limit} is reached", answer.Detail, StringComparison.Ordinal);
        Assert.Contains(saying, answer.Detail, StringComparison.Ordinal);
        return answer;
    }
}
