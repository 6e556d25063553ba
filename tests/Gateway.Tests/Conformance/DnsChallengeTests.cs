using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist Z9, Z11, Z12: proofs in the DNS (RFC 8555 §8.4 and its drafts).</summary>
public sealed class DnsChallengeTests(DnsChallengeTests.AllKinds shared) : IClassFixture<DnsChallengeTests.AllKinds>
{
    private const string Provisioner = "dnskinds", Us = "ca.home.test";

    private House House => shared.House;

    /// <summary>A provisioner that offers every challenge by DNS.</summary>
    public sealed class AllKinds : SharedHouse, IAsyncLifetime
    {
        async ValueTask IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            await House.AddProvisionerAsync(Provisioner,
                new AcmeProvisioner { Challenges = { "dns-01", "dns-account-01", "dns-persist-01" }, CaaIdentities = { Us } }, "subtree:test", "wildcard:z12star.test", "wildcard:z12nostar.test", "wildcard:z12a.test");
        }
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("among others")]
    [InlineData("in chunks")]
    [InlineData("by an alias")]
    [InlineData("by a chain of aliases")]
    [InlineData("over TCP")]
    public async Task Z9_TheDigestInTxt_Proves(string how)
    {
        var name = $"z9-{how.Replace(' ', '-')}.test";
        var (client, authorization, challenge, proof) = await Dns01Async(name);
        var place = $"_acme-challenge.{name}";
        _ = how switch
        {
            "among others" => House.Dns.Txt(place, "something else", proof, new string('x', 300)),
            "in chunks" => House.Dns.TxtChunks(place, proof[..10], proof[10..]),
            "by an alias" => House.Dns.Cname(place, $"{name}.delegated.test").Txt($"{name}.delegated.test", proof),
            "by a chain of aliases" => House.Dns.Cname(place, $"a.{name}").Cname($"a.{name}", $"b.{name}").Cname($"b.{name}", $"c.{name}").Txt($"c.{name}", proof),
            "over TCP" => House.Dns.Txt(place, proof).Truncate(place),
            _ => House.Dns.Txt(place, proof),
        };

        await EndsAsync(client, authorization, challenge, "valid");
    }

    [Theory]
    [InlineData("nothing there", "dns", "DNS knows no name")]
    [InlineData("another digest", "incorrectResponse", "TXT")]
    [InlineData("the key authorization itself", "incorrectResponse", "TXT")]
    [InlineData("a loop of aliases", "dns", "alias")]
    [InlineData("a broken server", "dns", "")]
    public async Task Z9_AnythingElse_IsToldApart(string what, string type, string saying)
    {
        var name = $"z9n-{what.Replace(' ', '-')}.test";
        var (client, authorization, challenge, proof) = await Dns01Async(name);
        var place = $"_acme-challenge.{name}";
        // The house sends every name to loopback; this one has no record at all.
        House.Dns.Otherwise = asked => asked == place ? null : System.Net.IPAddress.Loopback;
        _ = what switch
        {
            "another digest" => House.Dns.Txt(place, proof[1..] + "A"),
            "the key authorization itself" => House.Dns.Txt(place, client.KeyAuthorization(challenge["token"]!.GetValue<string>())),
            "a loop of aliases" => House.Dns.Cname(place, $"a.{name}").Cname($"a.{name}", place),
            "a broken server" => House.Dns.ServFail(place),
            _ => House.Dns,
        };

        var done = await EndsAsync(client, authorization, challenge, "invalid");

        var error = AcmeClient.ChallengeOf(done, "dns-01")["error"]!;
        Assert.Equal($"urn:ietf:params:acme:error:{type}", error["type"]!.GetValue<string>());
        Assert.Contains(saying, error["detail"]!.GetValue<string>());
        Assert.Contains(place, error["detail"]!.GetValue<string>());
    }

    [Fact]
    public async Task Z11_TheAccountsOwnLabel_Proves_AndAnothersDoesNot()
    {
        var client = await House.AccountAsync(Provisioner);
        var other = await House.AccountAsync(Provisioner);
        House.Dns.Otherwise = asked => asked.StartsWith('_') ? null : System.Net.IPAddress.Loopback;

        var good = await ChallengeAsync(client, "z11.test", "dns-account-01");
        House.Dns.Txt($"{DnsProof.AccountLabel(client.Kid!)}._acme-challenge.z11.test", DnsProof.Of(client, Token(good.Challenge)));
        await EndsAsync(client, good.Authorization, good.Challenge, "valid");

        var bad = await ChallengeAsync(client, "z11b.test", "dns-account-01");
        House.Dns.Txt($"{DnsProof.AccountLabel(other.Kid!)}._acme-challenge.z11b.test", DnsProof.Of(client, Token(bad.Challenge)));
        await EndsAsync(client, bad.Authorization, bad.Challenge, "invalid");
    }

    [Theory]
    [InlineData("plain", "", "", "valid")]
    [InlineData("wildcard", "z12star.test", "; policy=wildcard", "valid")]
    [InlineData("wildcard without the policy", "z12nostar.test", "", "invalid")]
    [InlineData("until later", "", "; persistUntil=4102444800", "valid")]
    [InlineData("until once", "", "; persistUntil=946684800", "invalid")]
    [InlineData("unknown parameter", "", "; colour=blue", "valid")]
    public async Task Z12_AStandingRecord_ProvesWithinItsWords(string what, string star, string parameters, string status)
    {
        var client = await House.AccountAsync(Provisioner);
        var name = star.Length > 0 ? star : $"z12-{what.Replace(' ', '-')}.test";
        var (authorization, challenge) = await ChallengeAsync(client, star.Length > 0 ? $"*.{star}" : name, "dns-persist-01");
        // Z1a: a token all the same, and flat members only.
        Assert.NotEmpty(Token(challenge));
        House.Dns.Txt($"_validation-persist.{name}", $"{Us}; accounturi={client.Kid}{parameters}");

        var done = await EndsAsync(client, authorization, challenge, status);

        if (status == "invalid") Assert.Equal("urn:ietf:params:acme:error:unauthorized", AcmeClient.ChallengeOf(done, "dns-persist-01")["error"]!["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task Z12a_ANameAndItsWildcard_HaveTwoValuesAtOnce()
    {
        var client = await House.AccountAsync(Provisioner);
        var order = (await client.OrderAsync("z12a.test", "*.z12a.test")).MustBe(201);
        var challenges = new List<(string Authorization, System.Text.Json.Nodes.JsonObject Challenge)>();
        foreach (var url in order.Texts("authorizations")) challenges.Add((url, AcmeClient.ChallengeOf(await client.FetchAsync(url), "dns-01")));
        House.Dns.Txt("_acme-challenge.z12a.test", challenges.Select(c => DnsProof.Of(client, Token(c.Challenge))));

        foreach (var (authorization, challenge) in challenges) await EndsAsync(client, authorization, challenge, "valid");

        Assert.Equal("ready", (await client.FetchAsync(order.Location!)).Text("status"));
    }

    private async Task<(AcmeClient Client, string Authorization, System.Text.Json.Nodes.JsonObject Challenge, string Proof)> Dns01Async(string name)
    {
        var client = await House.AccountAsync(Provisioner);
        var (authorization, challenge) = await ChallengeAsync(client, name, "dns-01");
        return (client, authorization, challenge, DnsProof.Of(client, Token(challenge)));
    }

    private static async Task<(string Authorization, System.Text.Json.Nodes.JsonObject Challenge)> ChallengeAsync(AcmeClient client, string name, string type)
    {
        var url = (await client.OrderAsync(name)).MustBe(201).Texts("authorizations")[0];
        return (url, AcmeClient.ChallengeOf((await client.FetchAsync(url)).MustBe(200), type));
    }

    private static async Task<AcmeAnswer> EndsAsync(AcmeClient client, string authorization, System.Text.Json.Nodes.JsonObject challenge, string status)
    {
        (await client.PostAsync(challenge["url"]!.GetValue<string>(), "{}")).MustBe(200);
        var done = await client.UntilAsync(authorization, a => a.Text("status") != "pending");
        Assert.True(done.Text("status") == status, done.ToString());
        return done;
    }

    private static string Token(System.Text.Json.Nodes.JsonObject challenge) => challenge["token"]!.GetValue<string>();
}
