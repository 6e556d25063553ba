using System.Net;
using GrpcCa.Gateway.Tests.Endpoints;
using GrpcCa.V1;
using Microsoft.Extensions.Time.Testing;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.ControlPlane;

public sealed class AwayTests
{
    [Fact]
    public async Task Restart_ControlPlaneAway_ServesWhatItKeeps()
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        await rig.StopGatewayAsync();
        await rig.Plane.PauseAsync();
        await rig.StartGatewayAsync();

        using var directory = await rig.SendAsync(HttpMethod.Get, "/acme/acme/directory");
        Assert.Equal("https://ca.test/acme/acme/new-order", (await JsonAsync(directory)).GetProperty("newOrder").GetString());
        using var roots = await rig.SendAsync(HttpMethod.Get, "/roots.pem", client: rig.Http);
        Assert.Equal(HttpStatusCode.OK, roots.StatusCode);
        using var order = await rig.PostAsync("/acme/acme/new-order");
        await ProblemAsync(order, 503, "serverInternal");
        Assert.InRange(int.Parse(Header(order, "Retry-After")), 1, 60);
        using var nonce = await rig.SendAsync(HttpMethod.Get, "/acme/acme/new-nonce");
        await ProblemAsync(nonce, 503, "serverInternal");
        Assert.NotEmpty(Header(nonce, "Retry-After"));
        using var health = await rig.SendAsync(HttpMethod.Get, "/health");
        Assert.Equal("""{"status":"ok","controlPlane":"unreachable"}""", await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        await rig.Plane.ResumeAsync();
        await UntilOrderAsync(rig);
        Assert.Equal(1, rig.Logs.Count(2001));
    }

    [Fact]
    public async Task Reconnect_OldNonces_AreThrownAway()
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        using var before = await rig.SendAsync(HttpMethod.Get, "/acme/acme/new-nonce");
        await rig.Plane.PauseAsync();
        await rig.Plane.ResumeAsync();
        await UntilOrderAsync(rig);
        var mints = rig.Plane.MintCalls;
        Assert.True(mints >= 2);
        using var after = await rig.SendAsync(HttpMethod.Get, "/acme/acme/new-nonce");
        Assert.True(string.CompareOrdinal(Header(after, "Replay-Nonce"), "nonce-00000064") > 0);
    }

    [Fact]
    public async Task Config_Changed_IsServedWithinTheInterval()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var rig = await GatewayRig.StartAsync(time, o => o with { ConfigInterval = TimeSpan.FromSeconds(10) });
        var config = rig.Plane.Config.Clone();
        config.BaseUrls.Insert(0, "https://moved.test");
        config.Directories.Add(new GatewayConfig.Types.DirectoryConfig { ProvisionerId = "later" });
        config.Etag = "2";
        rig.Plane.Config = config;
        await rig.AdvanceUntilAsync(() => rig.Logs.Count(2010) == 2, TimeSpan.FromSeconds(2), "the new configuration");
        using var response = await rig.SendAsync(HttpMethod.Get, "/acme/later/directory");
        Assert.Equal("https://ca.test/acme/later/new-order", (await JsonAsync(response)).GetProperty("newOrder").GetString());
    }

    [Fact]
    public async Task Config_Unusable_LeavesTheOneBefore()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var rig = await GatewayRig.StartAsync(time, o => o with { ConfigInterval = TimeSpan.FromSeconds(10) });
        rig.Plane.Config = new GatewayConfig { BaseUrls = { "ftp://nonsense" }, Etag = "2" };
        await rig.AdvanceUntilAsync(() => rig.Logs.Count(2020) == 1, TimeSpan.FromSeconds(2), "a refused configuration");
        using var response = await rig.SendAsync(HttpMethod.Get, "/acme/acme/directory");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task UntilOrderAsync(GatewayRig rig)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!bound.IsCancellationRequested)
        {
            using var response = await rig.PostAsync("/acme/acme/new-order");
            if (response.StatusCode == HttpStatusCode.Created) return;
        }
        Assert.Fail("no order within 20 s after the control plane came back");
    }
}
