using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using Microsoft.AspNetCore.Http;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist Z: authorizations, challenges and http-01 (RFC 8555 §7.5, §8).</summary>
public sealed class AuthorizationTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private House House => shared.House;

    [Fact]
    public async Task Z1_Authorization_HasWhatTheRfcSays()
    {
        var client = await House.AccountAsync();
        var order = await client.OrderAsync("z1.test", "z1b.test");
        var tokens = new List<string>();
        foreach (var url in order.Texts("authorizations"))
        {
            var authorization = (await client.FetchAsync(url)).MustBe(200);
            Assert.Equal("pending", authorization.Text("status"));
            Assert.NotNull(authorization.Text("expires"));
            Assert.Equal("dns", authorization.Json["identifier"]!["type"]!.GetValue<string>());
            // Z1a: absent unless true; every challenge with a token, and flat.
            Assert.False(authorization.Json.ContainsKey("wildcard"));
            foreach (var challenge in authorization.Json["challenges"]!.AsArray().Select(c => c!.AsObject()))
            {
                Assert.Matches("^[A-Za-z0-9_-]{22,}$", challenge["token"]!.GetValue<string>());
                Assert.Equal("pending", challenge["status"]!.GetValue<string>());
                Assert.All(challenge, m => Assert.IsAssignableFrom<JsonValue>(m.Value));
                tokens.Add(challenge["token"]!.GetValue<string>());
                tokens.Add(challenge["url"]!.GetValue<string>());
            }
        }
        Assert.Equal(tokens.Count, tokens.Distinct().Count());
    }

    [Fact]
    public async Task Z1b_PostAsGetOfAChallenge_StartsNothing()
    {
        var (client, _, challenge) = await ChallengeAsync("z1b.test");
        for (var i = 0; i < 3; i++) Assert.Equal("pending", (await client.FetchAsync(UrlOf(challenge))).MustBe(200).Text("status"));
        Assert.Equal(0, House.Site.CountOf(TokenOf(challenge)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"resource":"challenge","keyAuthorization":"wrong","type":"dns-01","token":"x"}""")]
    public async Task Z2_PostToAChallenge_Is200WithLinkUp(string payload)
    {
        var (client, authorization, challenge) = await ChallengeAsync($"z2-{payload.Length}.test");
        House.Site.Put(TokenOf(challenge), client.KeyAuthorization(TokenOf(challenge)));
        var answer = (await client.PostAsync(UrlOf(challenge), payload)).MustBe(200);
        Assert.Contains(answer.Text("status"), (string[])["pending", "processing", "valid"]);
        Assert.Equal([authorization], answer.Links("up"));
        Assert.Equal(UrlOf(challenge), answer.Text("url"));
        var done = await client.UntilAsync(authorization, a => a.Text("status") != "pending");
        Assert.Equal("valid", done.Text("status"));
        // Z3: challenge valid with the moment of it.
        Assert.NotNull(AcmeClient.ChallengeOf(done, "http-01")["validated"]);
        // A second POST starts no second attempt.
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        Assert.Equal(1, House.Site.CountOf(TokenOf(challenge)));
    }

    [Fact]
    public async Task Z2_FiftyPostsAtOnce_AreOneValidation()
    {
        var (client, authorization, challenge) = await ChallengeAsync("z2-fifty.test");
        House.Site.Put(TokenOf(challenge), client.KeyAuthorization(TokenOf(challenge)));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.PostAsync(UrlOf(challenge), "{}")));
        Assert.All(answers, a => a.MustBe(200));
        Assert.Equal("valid", (await client.UntilAsync(authorization, a => a.Text("status") != "pending")).Text("status"));
        Assert.Equal(1, House.Site.CountOf(TokenOf(challenge)));
    }

    [Fact]
    public async Task Z2_FastTarget_IsValidAtTheFirstPoll()
    {
        var (client, authorization, challenge) = await ChallengeAsync("z2-fast.test");
        House.Site.Put(TokenOf(challenge), client.KeyAuthorization(TokenOf(challenge)));
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        Assert.Equal("valid", (await client.FetchAsync(authorization)).Text("status"));
    }

    [Fact]
    public async Task Z3_Failure_MakesChallengeAuthorizationAndOrderInvalidForGood()
    {
        var client = await House.AccountAsync();
        var order = await client.OrderAsync("z3-good.test", "z3-bad.test");
        House.Site.Behave("z3-bad.test", http => http.Response.WriteAsync("wrong"));
        var url = order.Texts("authorizations")[1];
        var challenge = AcmeClient.ChallengeOf(await client.FetchAsync(url), "http-01");
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        var failed = await client.UntilAsync(url, a => a.Text("status") != "pending");
        Assert.Equal("invalid", failed.Text("status"));
        var error = AcmeClient.ChallengeOf(failed, "http-01")["error"]!.AsObject();
        Assert.Equal("invalid", AcmeClient.ChallengeOf(failed, "http-01")["status"]!.GetValue<string>());
        var after = (await client.FetchAsync(order.Location!)).MustBe(200);
        Assert.Equal("invalid", after.Text("status"));
        // Z13: the failure names its identifier.
        Assert.Contains("z3-bad.test", after.Json["error"]!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("z3-bad.test", after.Json["error"]!["subproblems"]![0]!["identifier"]!["value"]!.GetValue<string>());
        // Z4, Z8a: what came from where.
        Assert.Contains(error["type"]!.GetValue<string>(), (string[])["urn:ietf:params:acme:error:incorrectResponse", "urn:ietf:params:acme:error:unauthorized"]);
        foreach (var part in (string[])["127.0.0.1", "wrong", "/.well-known/acme-challenge/"]) Assert.Contains(part, error["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        // No way back.
        House.Site.Behave("z3-bad.test", http => http.Response.WriteAsync(client.KeyAuthorization(TokenOf(challenge))));
        var again = await client.PostAsync(UrlOf(challenge), "{}");
        Assert.True(again.Status == 400 || again.Text("status") == "invalid", $"{again}");
        Assert.Equal("invalid", (await client.FetchAsync(url)).Text("status"));
        (await client.FinalizeAsync(order, Csr.Of(AcmeKey.Es256().Platform!, "z3-good.test", "z3-bad.test"))).MustBe(403, "orderNotReady");
    }

    public static TheoryData<string, string, int> Failures => new()
    {
        { "status", "unauthorized|incorrectResponse", 404 },
        { "redirect away", "connection|unauthorized|incorrectResponse", 302 },
        { "empty", "unauthorized|incorrectResponse", 200 },
        { "control characters", "unauthorized|incorrectResponse", 200 },
        { "thumbprint alone", "unauthorized|incorrectResponse", 200 },
        { "in a sentence", "unauthorized|incorrectResponse", 200 },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Z4_EveryFailure_SaysWhatCameBack(string failure, string types, int status)
    {
        var name = $"z4-{failure.Replace(' ', '-')}.test";
        var (client, url, challenge) = await ChallengeAsync(name);
        var right = client.KeyAuthorization(TokenOf(challenge));
        House.Site.Behave(name, http =>
        {
            http.Response.StatusCode = status;
            if (failure == "redirect away") http.Response.Headers.Location = "http://8.8.8.8/";
            return http.Response.WriteAsync(failure switch
            {
                "control characters" => "\u001b[2J\u0000<script>",
                "thumbprint alone" => right.Split('.')[1],
                "in a sentence" => $"it is {right}",
                _ => "",
            });
        });
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        var done = await client.UntilAsync(url, a => a.Text("status") != "pending");
        Assert.Equal("invalid", done.Text("status"));
        var error = AcmeClient.ChallengeOf(done, "http-01")["error"]!;
        Assert.Contains(error["type"]!.GetValue<string>()["urn:ietf:params:acme:error:".Length..], types.Split('|'));
        Assert.DoesNotContain(error["detail"]!.GetValue<string>(), char.IsControl);
    }

    [Fact]
    public async Task Z4_NameWithoutAddress_IsDns()
    {
        House.Dns.ServFail("z4-servfail.test");
        var (client, url, challenge) = await ChallengeAsync("z4-servfail.test");
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        var done = await client.UntilAsync(url, a => a.Text("status") != "pending");
        Assert.Equal("urn:ietf:params:acme:error:dns", AcmeClient.ChallengeOf(done, "http-01")["error"]!["type"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("127.0.0.2", "connection")]
    [InlineData("8.8.8.8", "connection|unauthorized|rejectedIdentifier")]
    [InlineData("100.100.100.100", "connection|unauthorized|rejectedIdentifier")]
    public async Task Z4_AddressThatCannotBeDialled_IsTold(string address, string types)
    {
        var name = $"z4-{address.Replace('.', '-')}.test";
        House.Dns.A(name, address);
        var (client, url, challenge) = await ChallengeAsync(name);
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        var error = AcmeClient.ChallengeOf(await client.UntilAsync(url, a => a.Text("status") != "pending"), "http-01")["error"]!;
        Assert.Contains(error["type"]!.GetValue<string>()["urn:ietf:params:acme:error:".Length..], types.Split('|'));
        Assert.Contains(address, error["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"status":"deactivated"}""")]
    [InlineData("""{"resource":"authz","status":"deactivated"}""")]
    public async Task Z5_Deactivation_EndsTheOrder(string payload)
    {
        var client = await House.AccountAsync();
        var order = await client.ReadyOrderAsync($"z5-{payload.Length}.test");
        var url = order.Texts("authorizations")[0];
        Assert.Equal("deactivated", (await client.PostAsync(url, payload)).MustBe(200).Text("status"));
        Assert.Equal("invalid", (await client.FetchAsync(order.Location!)).Text("status"));
        Assert.Equal("pending", (await client.OrderAsync($"z5-{payload.Length}.test")).Text("status"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"status":"valid"}""")]
    [InlineData("""{"status":"invalid"}""")]
    [InlineData("""{"status":7}""")]
    public async Task Z5_OtherStatus_IsMalformed(string payload)
    {
        var client = await House.AccountAsync();
        var url = (await client.OrderAsync("z5-other.test")).Texts("authorizations")[0];
        (await client.PostAsync(url, payload)).MustBe(400, "malformed");
        Assert.Equal("pending", (await client.FetchAsync(url)).Text("status"));
    }

    [Fact]
    public async Task Z6_RetryAfter_IsInSecondsWhileSomethingIsBeingDone()
    {
        var release = new TaskCompletionSource();
        var (client, url, challenge) = await ChallengeAsync("z6.test");
        House.Site.Behave("z6.test", async http =>
        {
            await release.Task;
            await http.Response.WriteAsync(client.KeyAuthorization(TokenOf(challenge)));
        });
        var started = (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        Assert.Equal("processing", started.Text("status"));
        var polled = (await client.FetchAsync(url)).MustBe(200);
        Assert.All((AcmeAnswer[])[started, polled], a => Assert.Matches("^[1-9][0-9]*$", a.Header("Retry-After")));
        release.SetResult();
        Assert.Equal("valid", (await client.UntilAsync(url, a => a.Text("status") != "pending")).Text("status"));
    }

    [Fact]
    public async Task Z7_NewAuthz_Is201AndServesALaterOrder()
    {
        var client = await House.AccountAsync();
        var made = (await client.PostAsync(await client.UrlAsync("newAuthz"), new JsonObject { ["identifier"] = AcmeClient.IdentifierOf("z7.test") })).MustBe(201);
        Assert.StartsWith($"{House.Gateway.Origin}/acme/acme/authz/", made.Location);
        var challenge = AcmeClient.ChallengeOf(made, "http-01");
        House.Site.Put(TokenOf(challenge), client.KeyAuthorization(TokenOf(challenge)));
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        await client.UntilAsync(made.Location!, a => a.Text("status") == "valid");
        Assert.Equal("ready", (await client.OrderAsync("z7.test")).Text("status"));
    }

    [Theory]
    [InlineData("*.wild.test", 400, "malformed")]
    [InlineData("a.net.example", 403, "rejectedIdentifier")]
    [InlineData("a..test", 400, "malformed")]
    public async Task Z7_NewAuthzForWhatMayNotBe_IsRefused(string name, int status, string type)
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(await client.UrlAsync("newAuthz"), new JsonObject { ["identifier"] = AcmeClient.IdentifierOf(name) })).MustBe(status, type);
    }

    [Fact]
    public async Task Z8_Http01_AsksForTheRightThing()
    {
        var client = await House.AccountAsync();
        await client.IssueAsync("z8.test");
        var request = House.Site.Requests.Last(r => r.Host.StartsWith("z8.test", StringComparison.Ordinal));
        Assert.Contains(request.Host, (string[])["z8.test", $"z8.test:{House.Site.Port}"]);
        Assert.Contains("GrpcCa", request.UserAgent, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData(" \t\n\n")]
    public async Task Z8_TrailingWhitespace_IsTrimmed(string trailer)
    {
        var name = $"z8-{trailer.Length}.test";
        var (client, url, challenge) = await ChallengeAsync(name);
        House.Site.Put(TokenOf(challenge), client.KeyAuthorization(TokenOf(challenge)) + trailer);
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        Assert.Equal("valid", (await client.UntilAsync(url, a => a.Text("status") != "pending")).Text("status"));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    public async Task Z8_Address_IsDialledItself(string address, string host)
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync(address);
        Assert.Contains(House.Site.Requests, r => r.Host == host || r.Host == $"{host}:{House.Site.Port}");
        Assert.Contains(issued.Leaf.Extensions, e => e.Oid!.Value == "2.5.29.17");
    }

    [Fact]
    public async Task Z8_Redirect_IsFollowedOnThePathOnly()
    {
        var (client, url, challenge) = await ChallengeAsync("z8-redirect.test");
        House.Site.Put(TokenOf(challenge), client.KeyAuthorization(TokenOf(challenge)));
        House.Site.Behave("z8-redirect.test", http =>
        {
            http.Response.Redirect($"http://z8-target.test:{House.Site.Port}{http.Request.Path}");
            return Task.CompletedTask;
        });
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        Assert.Equal("valid", (await client.UntilAsync(url, a => a.Text("status") != "pending")).Text("status"));
    }

    [Fact]
    public async Task Z8a_TargetThatFailsOnce_IsTriedAgain()
    {
        var (client, url, challenge) = await ChallengeAsync("z8a.test");
        var asked = 0;
        House.Site.Behave("z8a.test", async http =>
        {
            if (Interlocked.Increment(ref asked) == 1) http.Abort();
            else await http.Response.WriteAsync(client.KeyAuthorization(TokenOf(challenge)));
        });
        (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
        Assert.Equal("valid", (await client.UntilAsync(url, a => a.Text("status") != "pending")).Text("status"));
        Assert.InRange(asked, 2, 3);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Z13_OneNameThatFailsAtAnyPosition_FailsTheOrderAlone(int position)
    {
        var client = await House.AccountAsync();
        var names = Enumerable.Range(0, 3).Select(i => $"z13-{position}-{i}.test").ToList();
        House.Site.Behave(names[position], http => http.Response.WriteAsync("no"));
        var order = await client.OrderAsync(names);
        foreach (var url in order.Texts("authorizations"))
        {
            var challenge = AcmeClient.ChallengeOf(await client.FetchAsync(url), "http-01");
            House.Site.Put(TokenOf(challenge), client.KeyAuthorization(TokenOf(challenge)));
            (await client.PostAsync(UrlOf(challenge), "{}")).MustBe(200);
            var done = await client.UntilAsync(url, a => a.Text("status") != "pending");
            Assert.Equal(done.Json["identifier"]!["value"]!.GetValue<string>() == names[position] ? "invalid" : "valid", done.Text("status"));
        }
        Assert.Contains(names[position], (await client.FetchAsync(order.Location!)).Json["error"]!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    private async Task<(AcmeClient Client, string Authorization, JsonObject Challenge)> ChallengeAsync(string name)
    {
        var client = await House.AccountAsync();
        var url = (await client.OrderAsync(name)).MustBe(201).Texts("authorizations")[0];
        return (client, url, AcmeClient.ChallengeOf(await client.FetchAsync(url), "http-01"));
    }

    private static string UrlOf(JsonObject challenge) => challenge["url"]!.GetValue<string>();

    private static string TokenOf(JsonObject challenge) => challenge["token"]!.GetValue<string>();
}
