using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Every request of a whole flow, sent again: through the same gateway, through another, after restarts.</summary>
public sealed class ReplayTests
{
    [Fact]
    public async Task Replay_OfEveryRequestOfAFlow_ChangesNothingAnywhere()
    {
        var taken = new TakenDown();
        await using var house = await House.StartAsync();
        var other = await house.AddGatewayAsync("two");
        var client = house.Client();
        taken.Add(await client.RegisterAsync());
        var order = taken.Add(await client.OrderAsync("replay.test"));
        var authorization = taken.Add(await client.FetchAsync(order.Texts("authorizations")[0]));
        var challenge = AcmeClient.ChallengeOf(authorization, "http-01");
        house.Site.Put(challenge["token"]!.GetValue<string>(), client.KeyAuthorization(challenge["token"]!.GetValue<string>()));
        taken.Add(await client.PostAsync(challenge["url"]!.GetValue<string>(), "{}"));
        await client.UntilAsync(order.Texts("authorizations")[0], a => a.Text("status") == "valid");
        var key = AcmeKey.Es256();
        taken.Add(await client.FinalizeAsync(order, Csr.Of(key.Platform!, "replay.test")));
        var done = taken.Add(await client.FetchAsync(order.Location!));
        var issued = taken.Add(await client.FetchAsync(done.Text("certificate")!));
        taken.Add(await client.PostAsync(client.Kid!, """{"contact":["mailto:a@home.example"]}"""));
        taken.Add(await client.ChangeKeyAsync(AcmeKey.Es256()));
        using var leaf = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(issued.Body);
        taken.Add(await client.RevokeAsync(leaf.RawData));
        Assert.All(taken.Answers, a => Assert.InRange(a.Status, 200, 299));

        // The revocation list is made after the answer, and audited.
        await house.UntilListsAreCurrentAsync();
        var before = await house.CountRowsAsync();
        await taken.SendAgainAsync(client, url => url, "badNonce");
        // The url names the first gateway's base URL, which the other does not have; the nonce is refused before that.
        await taken.SendAgainAsync(client, url => url.Replace(house.Gateway.Origin, other.Origin, StringComparison.Ordinal), "badNonce");
        await house.RestartAsync(house.Gateway);
        await taken.SendAgainAsync(client, url => url, "badNonce");
        Assert.Empty((await house.CountRowsAsync()).Except(before));
        await house.RestartControlPlaneAsync();
        await house.RestartAsync(house.Gateway);
        // The start itself is audited: it gives the control plane's endpoint a new certificate.
        await house.UntilListsAreCurrentAsync();
        before = await house.CountRowsAsync();
        await taken.SendAgainAsync(client, url => url, "badNonce");
        Assert.Empty((await house.CountRowsAsync()).Except(before));
        // And the house goes on.
        Assert.NotEmpty((await client.IssueAsync("replay-after.test")).Chain);
    }

    private sealed class TakenDown
    {
        public List<AcmeAnswer> Answers { get; } = [];

        public AcmeAnswer Add(AcmeAnswer answer)
        {
            Answers.Add(answer);
            return answer;
        }

        public async Task SendAgainAsync(AcmeClient client, Func<string, string> where, string type)
        {
            foreach (var answer in Answers)
                (await client.PostBodyAsync(where(answer.Url), answer.Sent)).MustBe(400, type);
        }
    }
}
