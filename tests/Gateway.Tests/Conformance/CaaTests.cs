using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist C: CAA (RFC 8659, RFC 8657), by real questions to a real DNS server.</summary>
public sealed class CaaTests(CaaTests.Checking shared) : IClassFixture<CaaTests.Checking>
{
    private const string Checks = "checks", Requires = "requires", Us = "ca.home.test";

    private House House => shared.House;

    /// <summary>A provisioner that takes silence for yes, and one that does not.</summary>
    public sealed class Checking : SharedHouse, IAsyncLifetime
    {
        async ValueTask IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            foreach (var (id, mode) in new[] { (Checks, AcmeProvisioner.Types.CaaMode.Check), (Requires, AcmeProvisioner.Types.CaaMode.Require) })
                await House.AddProvisionerAsync(id, new AcmeProvisioner { Challenges = { "http-01", "dns-01" }, Caa = mode, CaaIdentities = { Us } }, "subtree:test", "wildcard:starred.test");
        }
    }

    [Theory]
    [InlineData("none", true, false)]
    [InlineData("us", true, true)]
    [InlineData("us above", true, true)]
    [InlineData("somebody else", false, false)]
    [InlineData("somebody else above", false, false)]
    [InlineData("us below somebody else", true, true)]
    [InlineData("nobody", false, false)]
    [InlineData("unknown critical", false, false)]
    [InlineData("unknown", true, false)]
    [InlineData("by an alias", false, false)]
    [InlineData("another method", false, false)]
    [InlineData("our method", true, true)]
    [InlineData("another account", false, false)]
    public async Task C1_Records_DecideAsTheirRfcsSay(string records, bool checks, bool requires)
    {
        var name = $"www.{records.Replace(' ', '-')}.test";
        var parent = name["www.".Length..];
        // A name with records of its own has no other ones: the house sends only unknown names to loopback.
        if (records != "by an alias") House.Dns.A(name, "127.0.0.1");
        _ = records switch
        {
            "us" => House.Dns.Caa(name, "issue", Us),
            "us above" => House.Dns.Caa(parent, "issue", Us),
            "somebody else" => House.Dns.Caa(name, "issue", "other.example"),
            "somebody else above" => House.Dns.Caa(parent, "issue", "other.example"),
            "us below somebody else" => House.Dns.Caa(parent, "issue", "other.example").Caa(name, "issue", Us),
            "nobody" => House.Dns.Caa(name, "issue", ";"),
            "unknown critical" => House.Dns.Caa(name, "issue", Us).Caa(name, "tbs", "x", flags: 128),
            "unknown" => House.Dns.Caa(name, "tbs", "x"),
            "by an alias" => House.Dns.Cname(name, "target-of-alias.test").Caa("target-of-alias.test", "issue", "other.example").A("target-of-alias.test", "127.0.0.1"),
            "another method" => House.Dns.Caa(name, "issue", $"{Us}; validationmethods=dns-01"),
            "our method" => House.Dns.Caa(name, "issue", $"{Us}; validationmethods=dns-01,http-01"),
            "another account" => House.Dns.Caa(name, "issue", $"{Us}; accounturi={House.Gateway.Origin}/acme/{Checks}/account/somebody"),
            _ => House.Dns,
        };

        await DecidesAsync(Checks, name, checks);
        await DecidesAsync(Requires, name, requires);
    }

    [Fact]
    public async Task C1_AccountUri_IsThatOfTheAccount_BelowAnyBaseUrl()
    {
        var client = await House.AccountAsync(Checks);
        House.Dns.A("mine-uri.test", "127.0.0.1").Caa("mine-uri.test", "issue", $"{Us}; accounturi={client.Kid}");

        Assert.Equal("ready", (await client.ReadyOrderAsync("mine-uri.test")).Text("status"));
        await DecidesAsync(Checks, "mine-uri.test", allowed: false);
    }

    [Theory]
    [InlineData("issuewild", Us, true)]
    [InlineData("issuewild", ";", false)]
    [InlineData("issue", ";", false)]
    public async Task C1_Wildcards_LookAtIssueWildFirst(string tag, string value, bool allowed)
    {
        House.Dns.Remove("starred.test").Remove("_acme-challenge.starred.test").Caa("starred.test", tag, value);
        var client = await House.AccountAsync(Checks);
        var order = (await client.OrderAsync("*.starred.test")).MustBe(201);
        var url = order.Texts("authorizations")[0];
        var challenge = AcmeClient.ChallengeOf(await client.FetchAsync(url), "dns-01");
        House.Dns.Txt("_acme-challenge.starred.test", DnsProof.Of(client, challenge["token"]!.GetValue<string>()));

        (await client.PostAsync(challenge["url"]!.GetValue<string>(), "{}")).MustBe(200);
        var done = await client.UntilAsync(url, a => a.Text("status") != "pending");

        Assert.True(done.Text("status") == (allowed ? "valid" : "invalid"), done.ToString());
    }

    [Fact]
    public async Task C1_AFailureOfDns_IsNotAbsence()
    {
        House.Dns.A("broken-caa.test", "127.0.0.1").ServFail("sub.broken-caa.test");
        var client = await House.AccountAsync(Checks);
        House.Dns.Remove("broken-caa.test");

        var order = (await client.OrderAsync("sub.broken-caa.test")).MustBe(201);
        var done = await client.ValidateAsync(order);

        Assert.Equal("invalid", done.Text("status"));
        Assert.EndsWith(":dns", done.Json["error"]!["type"]!.GetValue<string>());
    }

    private async Task DecidesAsync(string provisioner, string name, bool allowed)
    {
        var client = await House.AccountAsync(provisioner);
        var order = await client.ReadyOrderAsync(name);
        Assert.True(order.Text("status") == (allowed ? "ready" : "invalid"), $"{provisioner}: {order}");
        if (allowed) return;
        Assert.Equal("urn:ietf:params:acme:error:caa", order.Json["error"]!["type"]!.GetValue<string>());
        Assert.Contains(name, order.Json["error"]!["detail"]!.GetValue<string>());
    }
}
