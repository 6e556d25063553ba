using System.Net;
using GrpcCa.V1;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.Endpoints;

public sealed class NewNonceTests
{
    [Theory]
    [InlineData("HEAD", HttpStatusCode.OK)]
    [InlineData("GET", HttpStatusCode.NoContent)]
    public async Task NewNonce_HeadAndGet_AnswerAFreshNonce(string method, HttpStatusCode status)
    {
        await using var rig = await GatewayRig.StartAsync();
        var seen = new HashSet<string>();
        for (var i = 0; i < 200; i++)
        {
            using var response = await rig.SendAsync(new HttpMethod(method), "/acme/acme/new-nonce");
            Assert.Equal(status, response.StatusCode);
            Assert.Equal("no-store", Header(response, "Cache-Control"));
            Assert.Equal("<https://ca.test/acme/acme/directory>;rel=\"index\"", Header(response, "Link"));
            Assert.True(seen.Add(Header(response, "Replay-Nonce")));
        }
        // The stock spares the round trip.
        Assert.InRange(rig.Plane.MintCalls, 1, 20);
    }

    [Fact]
    public async Task NewNonce_PostAsGet_IsChecked()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.PostAsync("/acme/acme/new-nonce", "signed");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.NotEmpty(Header(response, "Replay-Nonce"));
        Assert.Equal(FetchedResource.NewNonce, Assert.IsType<CheckFetchRequest>(Assert.Single(rig.Plane.AcmeCalls)).Resource);
    }
}
