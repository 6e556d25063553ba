using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist P and S: problem documents (RFC 8555 §6.7). What every refusal must be is in <see cref="Answers"/>.</summary>
public sealed class ProblemTests
{
    [Fact]
    public async Task P1_Instance_IsAnIdOfItsOwnForEveryRequest()
    {
        await using var house = await House.StartAsync();
        var client = await house.AccountAsync();
        AcmeAnswer[] refusals =
        [
            await client.OrderAsync("a.net.example"),
            await client.GetAsync($"{house.Gateway.Origin}/acme/acme/nothing"),
            await client.PostBodyAsync(await client.UrlAsync("newOrder"), "{}", "text/plain"),
        ];
        Assert.Equal(3, refusals.Select(r => r.Text("instance")).Distinct().Count());
    }

    [Fact]
    public async Task P2_BrokenSigner_IsServerInternalWithoutAStoryAndTheOrderInvalid()
    {
        await using var house = await House.StartAsync();
        var client = await house.AccountAsync();
        var ready = await client.ReadyOrderAsync("p2.test");
        var before = (await house.CountRowsAsync())["certificates"];
        house.BreakSigner();
        var answer = await client.FinalizeAsync(ready, Csr.Of(AcmeKey.Es256().Platform!, "p2.test"));
        Assert.DoesNotContain("signer", answer.Body, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("/secret/path", answer.Body, StringComparison.Ordinal);
        if (answer.Status != 200)
        {
            answer.MustBe(500, "serverInternal");
            Assert.Matches("^[1-9][0-9]*$", answer.Header("Retry-After"));
        }
        // O10: an error after finalize ends in invalid with an error, never in a hanging processing.
        var after = (await client.FetchAsync(ready.Location!)).MustBe(200);
        Assert.Equal("invalid", after.Text("status"));
        Assert.Equal("urn:ietf:params:acme:error:serverInternal", after.Json["error"]!["type"]!.GetValue<string>());
        Assert.DoesNotContain("/secret/path", after.Body, StringComparison.Ordinal);
        Assert.Equal(before, (await house.CountRowsAsync())["certificates"]);
    }
}
