using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Issuance;

public sealed class IssuanceRecoveryTests : IAsyncLifetime
{
    private readonly List<(string Purpose, SerialNumber Serial)> dead = [];
    private CorridorHouse house = null!;

    private CertificateSpec Leaf => house.Scene.Spec(CertificateRole.Leaf);

    public async ValueTask InitializeAsync() => house = await CorridorHouse.OpenAsync();

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Theory]
    [InlineData(IssuanceSteps.Planned)]
    [InlineData(IssuanceSteps.Linted)]
    [InlineData(IssuanceSteps.Signed)]
    [InlineData(IssuanceSteps.ReadBack)]
    public async Task RecoverAsync_AfterACrashAtAnyStep_ClosesThePlanAsNeverIssued(string step)
    {
        await CrashAsync(step, "a", "orders/7");
        var open = Assert.Single(await house.PlansAsync());
        Assert.Equal("planned", open.Outcome);

        Assert.Equal(1, await RecoverAsync("a"));
        var closed = Assert.Single(await house.PlansAsync());
        Assert.Equal((open.Serial, "never_issued", true), (closed.Serial, closed.Outcome, closed.TbsIsGone));
        Assert.Equal(("orders/7", open.Serial), (Assert.Single(dead).Purpose, dead[0].Serial.Hex));
        await house.CheckInvariantsAsync();
        Assert.Equal(0, await RecoverAsync("a"));
    }

    [Fact]
    public async Task IssueAsync_AfterRecovery_PlansAnewWithAnotherSerial()
    {
        await CrashAsync(IssuanceSteps.Signed, "a", "orders/7");
        await RecoverAsync("a");

        var issued = await house.IssueAsync(Leaf, "orders/7");
        Assert.NotEqual(dead[0].Serial, issued.Serial);
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task RecoverAsync_AnotherReplicasFreshPlan_IsLeftAlone()
    {
        await CrashAsync(IssuanceSteps.Planned, "b", "orders/8");

        Assert.Equal(0, await RecoverAsync("a"));
        Assert.Equal("planned", Assert.Single(await house.PlansAsync()).Outcome);
    }

    [Fact]
    public async Task RecoverAsync_AnotherReplicasStalePlan_IsClosed()
    {
        await CrashAsync(IssuanceSteps.Planned, "b", "orders/8");
        house.Time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));

        Assert.Equal(1, await RecoverAsync("a"));
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task IssueAsync_PlanClosedByAnotherMeanwhile_IssuesNothing()
    {
        var corridor = house.Corridor("b", new FailPoints(step =>
        {
            if (step != IssuanceSteps.ReadBack) return;
            house.Time.Advance(TimeSpan.FromHours(2));
            Assert.Equal(1, RecoverAsync("a").GetAwaiter().GetResult());
        }));

        await Assert.ThrowsAsync<InvalidOperationException>(() => corridor.IssueAsync(CorridorHouse.PermitFor(Leaf), Leaf, house.Context(), CancellationToken.None));
        Assert.Equal("never_issued", Assert.Single(await house.PlansAsync()).Outcome);
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task RecoverAsync_ManyPlans_ClosesAllAndTheIssuedStay()
    {
        for (var i = 0; i < 120; i++) await CrashAsync(IssuanceSteps.Planned, "a", $"orders/{i}");
        await house.IssueAsync(Leaf, "orders/issued");

        Assert.Equal(120, await RecoverAsync("a"));
        Assert.Equal(120, dead.Select(plan => plan.Purpose).Distinct().Count());
        Assert.Single(await house.PlansAsync(), plan => plan.Outcome == "issued");
        await house.CheckInvariantsAsync();
    }

    [Fact]
    public async Task RecoverAsync_HookFails_LeavesThePlanOpenForTheNextTime()
    {
        await CrashAsync(IssuanceSteps.Planned, "a", "orders/9");

        await Assert.ThrowsAsync<IOException>(() => house.Corridor().RecoverAsync((_, _, _) => throw new IOException("no"), CancellationToken.None));
        Assert.Equal("planned", Assert.Single(await house.PlansAsync()).Outcome);
        Assert.Equal(1, await RecoverAsync("a"));
    }

    private Task<int> RecoverAsync(string replica) => house.Corridor(replica).RecoverAsync((_, purpose, serial) =>
    {
        dead.Add((purpose, serial));
        return ValueTask.CompletedTask;
    }, CancellationToken.None);

    /// <summary>From the step on, nothing reaches the store any more, as if the process were gone.</summary>
    private async Task CrashAsync(string step, string replica, string purpose)
    {
        var corridor = house.Corridor(replica, new FailPoints(reached =>
        {
            if (reached != step) return;
            house.Store.Restart(_ => WriteFault.Before);
            throw new IOException("crash");
        }));
        await Assert.ThrowsAsync<IOException>(() => corridor.IssueAsync(CorridorHouse.PermitFor(Leaf), Leaf, house.Context(purpose), CancellationToken.None));
        house.Store.Restart(_ => null);
    }
}
