using System.Globalization;
using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist O: orders (RFC 8555 §7.1.3, §7.4; RFC 8738; the ACME profiles draft).</summary>
public sealed class OrderTests(OrderTests.Wide shared) : IClassFixture<OrderTests.Wide>
{
    private House House => shared.House;

    /// <summary>Provisioners that prove wildcards, and one that reuses no authorization.</summary>
    public sealed class Wide : SharedHouse
    {
        private protected override HouseSettings Settings { get; } = new()
        {
            Provisioners = [new HouseProvisioner("wild") { Challenges = ["http-01", "dns-01"] }, new HouseProvisioner("plain") { Challenges = ["http-01"] }, new HouseProvisioner("anew") { AuthorizationReuse = TimeSpan.Zero }],
        };
    }

    [Fact]
    public async Task O0_Location_IsOnEveryAnswerAboutAnOrder()
    {
        var client = await House.AccountAsync();
        var order = await client.ReadyOrderAsync("o0.test");
        var key = AcmeKey.Es256();
        var finalized = (await client.FinalizeAsync(order, Csr.Of(key.Platform!, "o0.test"))).MustBe(200);
        var fetched = (await client.FetchAsync(order.Location!)).MustBe(200);
        Assert.All((AcmeAnswer[])[finalized, fetched], a => Assert.Equal(order.Location, a.Location));
    }

    [Fact]
    public async Task O0_Order_HasNoMembersThatTheRfcDoesNotKnow()
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("o0-members.test");
        string[] known = ["status", "expires", "identifiers", "notBefore", "notAfter", "error", "authorizations", "finalize", "certificate", "profile", "replaces"];
        Assert.Empty((await client.FetchAsync(issued.OrderUrl)).Json.Select(m => m.Key).Except(known));
    }

    [Fact]
    public async Task O1_NewOrder_Is201AndPending()
    {
        var client = await House.AccountAsync();
        var order = (await client.OrderAsync("o1.test", "o1b.test")).MustBe(201);
        Assert.Equal("pending", order.Text("status"));
        var now = TimeProvider.System.GetUtcNow();
        Assert.InRange(DateTimeOffset.Parse(order.Text("expires")!, CultureInfo.InvariantCulture), now, now.AddDays(8));
        Assert.Equal(["o1.test", "o1b.test"], order.Json["identifiers"]!.AsArray().Select(i => i!["value"]!.GetValue<string>()));
        Assert.Equal(2, order.Texts("authorizations").Distinct().Count());
        Assert.Equal($"{order.Location}/finalize", order.Text("finalize"));
        Assert.False(order.Json.ContainsKey("certificate"));
        Assert.False(order.Json.ContainsKey("error"));
    }

    [Fact]
    public async Task O1_NamesThatAreValidAlready_MakeAReadyOrder()
    {
        var client = await House.AccountAsync();
        var first = await client.ReadyOrderAsync("o1-reuse.test");
        var again = (await client.OrderAsync("o1-reuse.test")).MustBe(201);
        Assert.Equal("ready", again.Text("status"));
        Assert.Equal(first.Texts("authorizations"), again.Texts("authorizations"));
        Assert.Equal("pending", (await (await House.AccountAsync()).OrderAsync("o1-reuse.test")).Text("status"));
    }

    [Fact]
    public async Task O1_ProvisionerWithoutReuse_WantsEveryNameAnew()
    {
        var client = await House.AccountAsync("anew");
        await client.ReadyOrderAsync("o1-anew.test");
        Assert.Equal("pending", (await client.OrderAsync("o1-anew.test")).Text("status"));
    }

    public static TheoryData<string, int, string> Payloads => new()
    {
        { "{}", 400, "malformed" },
        { """{"identifiers":[]}""", 400, "malformed" },
        { """{"identifiers":null}""", 400, "malformed" },
        { """{"identifiers":"a.test"}""", 400, "malformed" },
        { """{"identifiers":["a.test"]}""", 400, "malformed" },
        { """{"identifiers":[{"type":"dns"}]}""", 400, "malformed" },
        { """{"identifiers":[{"value":"a.test"}]}""", 400, "malformed" },
        { """{"identifiers":[{"type":"dns","value":7}]}""", 400, "malformed" },
        { """{"identifiers":[{"type":"email","value":"a@b.test"}]}""", 400, "unsupportedIdentifier" },
        { """{"identifiers":[{"type":"DNS","value":"a.test"}]}""", 400, "unsupportedIdentifier" },
        { """{"identifiers":[{"type":"permanent-identifier","value":"x"}]}""", 400, "unsupportedIdentifier" },
        { """{"identifiers":[{"type":"dns","value":"a.net.example"}]}""", 403, "rejectedIdentifier" },
        { """{"identifiers":[{"type":"dns","value":"test"}]}""", 403, "rejectedIdentifier" },
        { """{"identifiers":[{"type":"dns","value":"eviltest"}]}""", 403, "rejectedIdentifier" },
        { """{"identifiers":[{"type":"ip","value":"8.8.8.8"}]}""", 403, "rejectedIdentifier" },
    };

    [Theory]
    [MemberData(nameof(Payloads))]
    public async Task O2_BadIdentifiers_AreRefusedAndLeaveNothing(string payload, int status, string type)
    {
        var client = await House.AccountAsync();
        var before = await House.CountRowsAsync();
        (await client.PostAsync(await client.UrlAsync("newOrder"), payload)).MustBe(status, type);
        Assert.Equal(before, await House.CountRowsAsync());
    }

    [Fact]
    public async Task O2_HundredAndOneNames_AreMalformed()
    {
        var client = await House.AccountAsync();
        (await client.OrderAsync(Enumerable.Range(0, 101).Select(i => $"n{i}.o2.test"))).MustBe(400, "malformed", "100");
        Assert.Equal(100, (await client.OrderAsync(Enumerable.Range(0, 100).Select(i => $"n{i}.o2.test"))).MustBe(201).Texts("authorizations").Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task O2_OneBadNameAtAnyPosition_RefusesTheOrderAndIsNamed(int position)
    {
        var client = await House.AccountAsync();
        var names = new List<string> { "good1.test", "good2.test" };
        names.Insert(position, "bad.net.example");
        var answer = (await client.OrderAsync(names)).MustBe(403, "rejectedIdentifier", "bad.net.example");
        var part = Assert.Single(answer.Json["subproblems"]!.AsArray())!;
        Assert.Equal("bad.net.example", part["identifier"]!["value"]!.GetValue<string>());
        Assert.Equal("urn:ietf:params:acme:error:rejectedIdentifier", part["type"]!.GetValue<string>());
        Assert.False(answer.Json.ContainsKey("identifier"));
    }

    [Fact]
    public async Task O2_SeveralBadNames_HaveASubproblemEach()
    {
        var client = await House.AccountAsync();
        var answer = (await client.OrderAsync("x.net.example", "good.test", "y.net.example", "10.0.0.1")).MustBe(403, "rejectedIdentifier");
        Assert.Equal(["x.net.example", "y.net.example", "10.0.0.1"], answer.Json["subproblems"]!.AsArray().Select(p => p!["identifier"]!["value"]!.GetValue<string>()));
        Assert.All(answer.Json["subproblems"]!.AsArray(), p => Assert.NotEmpty(p!["detail"]!.GetValue<string>()));
    }

    [Fact]
    public async Task O3_Names_AreLowerCasedAndMerged()
    {
        var client = await House.AccountAsync();
        var order = (await client.OrderAsync("O3.Test", "o3.test", "o3.TEST", "xn--bcher-kva.test")).MustBe(201);
        Assert.Equal(["o3.test", "xn--bcher-kva.test"], order.Json["identifiers"]!.AsArray().Select(i => i!["value"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.test.")]
    [InlineData(".a.test")]
    [InlineData("a..test")]
    [InlineData("-a.test")]
    [InlineData("a-.test")]
    [InlineData("a_b.test")]
    [InlineData("a b.test")]
    [InlineData("a\u0000.test")]
    [InlineData("bücher.test")]
    [InlineData("xn--.test")]
    [InlineData("xn--999999999.test")]
    [InlineData("*")]
    [InlineData("**.test")]
    [InlineData("*a.test")]
    [InlineData("a.*.test")]
    [InlineData("*.*.test")]
    [InlineData("127.0.0.1")]
    [InlineData("1.2.3")]
    [InlineData("0x7f.1")]
    [InlineData("[::1]")]
    [InlineData("a.test:443")]
    [InlineData("https://a.test")]
    [InlineData("a.test/x")]
    [InlineData("a%2etest")]
    [InlineData("ａ.test")]
    public async Task O3_BadDnsName_IsMalformed(string name)
    {
        var client = await House.AccountAsync();
        await RefusedAsync(client, "dns", name);
    }

    [Fact]
    public async Task O3_LongNames_AreMalformed()
    {
        var client = await House.AccountAsync();
        await RefusedAsync(client, "dns", new string('a', 64) + ".test");
        await RefusedAsync(client, "dns", string.Concat(Enumerable.Repeat("abcdefghi.", 25)) + "test");
        await RefusedAsync(client, "dns", new string('a', 300));
        (await client.OrderAsync(new string('a', 63) + ".test")).MustBe(201);
    }

    [Theory]
    [InlineData("127.0.0.1", 201)]
    [InlineData("100.64.0.7", 201)]
    [InlineData("::1", 201)]
    [InlineData("127.0.0.01", 400)]
    [InlineData("127.1", 400)]
    [InlineData("0x7f000001", 400)]
    [InlineData("127.0.0.1/32", 400)]
    [InlineData("0:0:0:0:0:0:0:1", 400)]
    [InlineData("::0001", 400)]
    [InlineData("[::1]", 400)]
    [InlineData("fe80::1%eth0", 400)]
    [InlineData("FD7A:115C:A1E0::1", 400)]
    [InlineData("a.test", 400)]
    [InlineData("", 400)]
    public async Task O4_Address_IsTakenInCanonicalFormOnly(string address, int status)
    {
        var client = await House.AccountAsync();
        var answer = await client.PostAsync(await client.UrlAsync("newOrder"), Identifiers(("ip", address)));
        if (status == 201) Assert.Equal("ip", answer.MustBe(201).Json["identifiers"]![0]!["type"]!.GetValue<string>());
        else answer.MustBe(400, "malformed");
    }

    [Fact]
    public async Task O5_WildcardWhereNoDnsChallengeIsOffered_IsRejected()
    {
        var client = await House.AccountAsync("plain");
        (await client.OrderAsync("*.wild.test")).MustBe(403, "rejectedIdentifier", "challenge");
    }

    [Fact]
    public async Task O5_Wildcard_IsProvenByDnsAloneAndIssued()
    {
        var client = await House.AccountAsync("wild");
        var order = (await client.OrderAsync("*.wild.test", "wild.test")).MustBe(201);
        foreach (var (i, url) in order.Texts("authorizations").Index())
        {
            var authorization = (await client.FetchAsync(url)).MustBe(200);
            Assert.Equal("wild.test", authorization.Json["identifier"]!["value"]!.GetValue<string>());
            // Z1a: absent unless true.
            Assert.Equal(i == 0, authorization.Json["wildcard"]?.GetValue<bool>() ?? false);
            Assert.Equal(i == 0, authorization.Json.ContainsKey("wildcard"));
            if (i == 0) Assert.All(authorization.Json["challenges"]!.AsArray(), c => Assert.StartsWith("dns-", c!["type"]!.GetValue<string>()));
            var challenge = AcmeClient.ChallengeOf(authorization, "dns-01");
            var digest = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(client.KeyAuthorization(challenge["token"]!.GetValue<string>())));
            // Z12a: the name and its wildcard have two values at one name.
            House.Dns.Txt("_acme-challenge.wild.test", System.Buffers.Text.Base64Url.EncodeToString(digest));
            (await client.PostAsync(challenge["url"]!.GetValue<string>(), "{}")).MustBe(200);
            Assert.Equal("valid", (await client.UntilAsync(url, a => a.Text("status") != "pending")).Text("status"));
        }
        var key = AcmeKey.Es256();
        var issued = await client.FinishAsync(await client.FetchAsync(order.Location!), Csr.Of(key.Platform!, "*.wild.test", "wild.test"), key.Platform!);
        Assert.Equal(["*.wild.test", "wild.test"], issued.Leaf.Extensions.OfType<System.Security.Cryptography.X509Certificates.X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames().Order());
    }

    [Fact]
    public async Task O6_RequestedTimes_AreHonouredInsideTheProfile()
    {
        var client = await House.AccountAsync();
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var payload = AcmeClient.OrderOf("o6.test");
        payload["notBefore"] = now.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        payload["notAfter"] = now.AddHours(3).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var order = (await client.PostAsync(await client.UrlAsync("newOrder"), payload)).MustBe(201);
        Assert.Equal(payload["notAfter"]!.GetValue<string>(), order.Text("notAfter"));
        var ready = await client.ValidateAsync(order);
        var key = AcmeKey.Es256();
        var issued = await client.FinishAsync(ready, Csr.Of(key.Platform!, "o6.test"), key.Platform!);
        Assert.Equal(now, issued.Leaf.NotBefore.ToUniversalTime());
        Assert.Equal(now.AddHours(3), issued.Leaf.NotAfter.ToUniversalTime());
    }

    [Theory]
    [InlineData(-48, 1)]
    [InlineData(0, 48)]
    [InlineData(0, -1)]
    [InlineData(2, 1)]
    [InlineData(48, 72)]
    public async Task O6_TimesOutsideTheProfile_AreMalformedNamingTheLimit(int fromHours, int toHours)
    {
        var client = await House.AccountAsync();
        var payload = AcmeClient.OrderOf("o6.test");
        payload["notBefore"] = TimeProvider.System.GetUtcNow().AddHours(fromHours).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        payload["notAfter"] = TimeProvider.System.GetUtcNow().AddHours(toHours).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var detail = (await client.PostAsync(await client.UrlAsync("newOrder"), payload)).MustBe(400, "malformed").Detail;
        Assert.Matches("notBefore|notAfter|lifetime of profile", detail);
    }

    [Theory]
    [InlineData("\"tomorrow\"")]
    [InlineData("7")]
    [InlineData("\"2030-01-01\"")]
    [InlineData("\"2030-01-01 00:00:00\"")]
    [InlineData("\"99999-01-01T00:00:00Z\"")]
    public async Task O6_TimeThatIsNone_IsMalformed(string time)
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(await client.UrlAsync("newOrder"), $$"""{"identifiers":[{"type":"dns","value":"o6.test"}],"notAfter":{{time}}}""")).MustBe(400, "malformed", "notAfter");
    }

    [Fact]
    public async Task O7_OrderOfAnotherAccount_IsUnauthorizedAndShowsNothing()
    {
        var mine = await House.AccountAsync();
        var order = await mine.OrderAsync("o7-secret.test");
        var stranger = await House.AccountAsync();
        foreach (var url in (string[])[order.Location!, order.Texts("authorizations")[0]])
            Assert.DoesNotContain("o7-secret", (await stranger.FetchAsync(url)).MustBe(403, "unauthorized").Body, StringComparison.Ordinal);
        var key = AcmeKey.Es256();
        (await stranger.FinalizeAsync(order, Csr.Of(key.Platform!, "o7-secret.test"))).MustBe(403, "unauthorized");
        (await mine.FetchAsync($"{House.Gateway.Origin}/acme/acme/order/none")).MustBe(404, "malformed");
        (await mine.FetchAsync($"{House.Gateway.Origin}/acme/acme/authz/none")).MustBe(404, "malformed");
        (await mine.FetchAsync($"{House.Gateway.Origin}/acme/acme/certificate/none")).MustBe(404, "malformed");
    }

    [Fact]
    public async Task O7_ExpiredOrders_AreInvalid()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var house = await House.StartAsync(new HouseSettings { Clock = clock });
        var client = await house.AccountAsync();
        var pending = await client.OrderAsync("o7-pending.test");
        var ready = await client.ReadyOrderAsync("o7-ready.test");
        clock.Advance(TimeSpan.FromHours(25));
        foreach (var order in (AcmeAnswer[])[pending, ready])
        {
            var after = (await client.FetchAsync(order.Location!)).MustBe(200);
            Assert.Equal("invalid", after.Text("status"));
            Assert.NotNull(after.Json["error"]);
        }
        (await client.FinalizeAsync(ready, Csr.Of(AcmeKey.Es256().Platform!, "o7-ready.test"))).MustBe(403, "orderNotReady");
        // Z6: the challenges of an expired authorization are of no use any more.
        var authorization = (await client.FetchAsync(pending.Texts("authorizations")[0])).MustBe(200);
        Assert.Equal("expired", authorization.Text("status"));
        (await client.PostAsync(AcmeClient.ChallengeOf(authorization, "http-01")["url"]!.GetValue<string>(), "{}")).MustBe(400, "malformed", "expired");
    }

    [Fact]
    public async Task O8_Profile_IsEchoedAndKept()
    {
        var client = await House.AccountAsync();
        foreach (var (profile, hours) in ((string, double)[])[("server", 720), ("short", 6), ("default", 24)])
        {
            var payload = AcmeClient.OrderOf($"o8-{profile}.test");
            payload["profile"] = profile;
            var order = (await client.PostAsync(await client.UrlAsync("newOrder"), payload)).MustBe(201);
            Assert.Equal(profile, order.Text("profile"));
            var key = AcmeKey.Es256();
            var issued = await client.FinishAsync(await client.ValidateAsync(order), Csr.Of(key.Platform!, $"o8-{profile}.test"), key.Platform!);
            Assert.InRange((issued.Leaf.NotAfter.ToUniversalTime() - TimeProvider.System.GetUtcNow().UtcDateTime).TotalHours, hours - 0.1, hours);
        }
    }

    [Theory]
    [InlineData("\"unknown\"", "invalidProfile")]
    [InlineData("\"\"", "invalidProfile")]
    [InlineData("\"Default\"", "invalidProfile")]
    [InlineData("7", "malformed")]
    public async Task O8_UnknownProfile_IsInvalidProfile(string profile, string type)
    {
        var client = await House.AccountAsync();
        (await client.PostAsync(await client.UrlAsync("newOrder"), $$"""{"identifiers":[{"type":"dns","value":"o8.test"}],"profile":{{profile}}}""")).MustBe(400, type);
    }

    [Fact]
    public async Task O10_UnknownMembers_AreIgnored()
    {
        var client = await House.AccountAsync();
        var order = AcmeClient.OrderOf("o10.test");
        order["auto-renewal"] = new JsonObject { ["end-date"] = "2030-01-01T00:00:00Z" };
        order["resource"] = "new-order";
        order["identifiers"]![0]!["ancestorDomain"] = "test";
        var answer = (await client.PostAsync(await client.UrlAsync("newOrder"), order)).MustBe(201);
        Assert.False(answer.Json.ContainsKey("auto-renewal"));
    }

    [Fact]
    public async Task O11_InvalidOrder_IsNeverGivenAgain()
    {
        var client = await House.AccountAsync();
        var first = await client.OrderAsync("o11.test");
        (await client.PostAsync(first.Texts("authorizations")[0], """{"status":"deactivated"}""")).MustBe(200);
        var second = (await client.OrderAsync("o11.test")).MustBe(201);
        Assert.NotEqual(first.Location, second.Location);
        Assert.Equal("pending", second.Text("status"));
    }

    private static JsonObject Identifiers(params (string Type, string Value)[] identifiers) =>
        new() { ["identifiers"] = new JsonArray([.. identifiers.Select(i => new JsonObject { ["type"] = i.Type, ["value"] = i.Value })]) };

    private static async Task RefusedAsync(AcmeClient client, string type, string name) =>
        (await client.PostAsync(await client.UrlAsync("newOrder"), Identifiers((type, name)))).MustBe(400, "malformed");
}
