using System.Net;
using Grpc.Core;
using GrpcCa.Gateway.Tests.Endpoints;
using GrpcCa.V1;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.ControlPlane;

/// <summary>ACME requests go over one stream of calls; what happens when there is none, or when it breaks.</summary>
public sealed class StreamTests
{
    [Fact]
    public async Task Requests_ManyAtOnce_ShareOneStream()
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            using var order = await rig.PostAsync("/acme/acme/new-order");
            Assert.Equal(HttpStatusCode.Created, order.StatusCode);
        }));
        Assert.Equal(1, rig.Plane.StreamsOpened);
        Assert.Equal(50, rig.Plane.AcmeCalls.Count);
    }

    [Fact]
    public async Task OlderControlPlane_IsCalledWithoutStream_AndNothingIsAskedTwice()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Plane.KnowsStreams = false;
        Canned.Fill(rig.Plane);
        // The one from before ends with the connection.
        await rig.Plane.PauseAsync();
        await rig.Plane.ResumeAsync();
        await UntilServedAsync(rig);
        var (before, streams) = (rig.Plane.AcmeCalls.Count, rig.Plane.StreamsOpened);
        using var order = await rig.PostAsync("/acme/acme/new-order");
        Assert.Equal(HttpStatusCode.Created, order.StatusCode);
        Assert.Equal(before + 1, rig.Plane.AcmeCalls.Count);
        Assert.Equal(streams, rig.Plane.StreamsOpened);
        // After it was brought up to date, it is asked for a stream again.
        rig.Plane.KnowsStreams = true;
        await rig.Plane.PauseAsync();
        await rig.Plane.ResumeAsync();
        await UntilServedAsync(rig);
        Assert.Equal(streams + 1, rig.Plane.StreamsOpened);
    }

    [Fact]
    public async Task StreamBroken_WithARequestUnderWay_FailsItAndIsOpenedAgain()
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        var hold = new TaskCompletionSource();
        rig.Plane.Hold = hold.Task;
        var asked = rig.PostAsync("/acme/acme/new-order");
        await UntilAsync(() => rig.Plane.AcmeCalls.Count == 1);
        rig.Plane.Hold = null;
        await rig.Plane.PauseAsync();
        using (var order = await asked) await ProblemAsync(order, 503, "serverInternal");
        // A signed request is sent once.
        Assert.Single(rig.Plane.AcmeCalls);
        await rig.Plane.ResumeAsync();
        await UntilServedAsync(rig);
        Assert.Equal(2, rig.Plane.StreamsOpened);
    }

    [Fact]
    public async Task LargeRequest_GoesAlone_SoThatItFailsNobodyElse()
    {
        await using var rig = await GatewayRig.StartAsync(configure: o => o with { MaxBody = 8 * 1024 * 1024 });
        Canned.Fill(rig.Plane);
        var hold = new TaskCompletionSource();
        rig.Plane.Hold = hold.Task;
        var usual = rig.PostAsync("/acme/acme/new-order");
        await UntilAsync(() => rig.Plane.AcmeCalls.Count == 1);
        // Larger than the control plane reads at all.
        using (var large = await rig.PostAsync("/acme/acme/new-order", new string(' ', 6 * 1024 * 1024))) Assert.True((int)large.StatusCode >= 400);
        hold.SetResult();
        using var order = await usual;
        Assert.Equal(HttpStatusCode.Created, order.StatusCode);
        Assert.Equal(1, rig.Plane.StreamsOpened);
    }

    [Fact]
    public async Task Refusal_OfTheStreamItself_IsToldAsOneOfTheGateway()
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        rig.Plane.Disabled = true;
        using var order = await rig.PostAsync("/acme/acme/new-order");
        await ProblemAsync(order, 503, "serverInternal");
        Assert.Equal(1, rig.Logs.Count(2003));
        rig.Plane.Disabled = false;
        await UntilServedAsync(rig);
    }

    /// <summary>Waits until an order is taken again.</summary>
    internal static async Task UntilServedAsync(GatewayRig rig)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var order = await rig.PostAsync("/acme/acme/new-order");
            if (order.StatusCode == HttpStatusCode.Created) return;
            Assert.True(attempt < 300, $"the gateway answers {order.StatusCode} after half a minute");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static async Task UntilAsync(Func<bool> reached)
    {
        for (var attempt = 0; !reached(); attempt++)
        {
            Assert.True(attempt < 3000, "it did not come to that within half a minute");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
