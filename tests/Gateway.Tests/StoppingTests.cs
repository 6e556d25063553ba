using GrpcCa.Gateway.Tests.Endpoints;

namespace GrpcCa.Gateway.Tests;

public sealed class StoppingTests
{
    [Fact]
    public async Task Stop_RequestUnderWay_IsAnsweredFirst()
    {
        await using var rig = await GatewayRig.StartAsync();
        Canned.Fill(rig.Plane);
        var hold = new TaskCompletionSource();
        rig.Plane.Hold = hold.Task;
        var order = rig.PostAsync("/acme/acme/new-order");
        await GatewayRig.UntilAsync(() => rig.Plane.AcmeCalls.Count == 1, "the call");
        var stop = rig.App.StopAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var late = rig.Client(rig.App.Http.Port, rig.App.Http.OriginalString);
            for (var i = 0; i < 10_000; i++) (await late.GetAsync("/health", TestContext.Current.CancellationToken)).Dispose();
        });
        Assert.False(stop.IsCompleted);
        hold.SetResult();
        using var response = await order;
        Assert.Equal(201, (int)response.StatusCode);
        await stop.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stop_IdleConnections_EndsWithin5Seconds()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.SendAsync(HttpMethod.Get, "/health");
        var begin = TimeProvider.System.GetTimestamp();
        await rig.App.StopAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(begin), TimeSpan.Zero, TimeSpan.FromSeconds(6));
    }
}
