using GrpcCa.Gateway.Tests.Endpoints;
using GrpcCa.Host.Identity;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.Gateway.Tests.Enrollment;

public sealed class RenewalTests
{
    [Fact]
    public async Task Identity_AtTwoThirds_IsRenewedSilently()
    {
        await using var rig = await StartAsync();
        rig.Plane.TlsLifetime = TimeSpan.FromDays(300);
        var before = new IdentityStore(rig.Options.State).Load();
        await rig.AdvanceUntilAsync(() => rig.Plane.RenewCalls > 0, TimeSpan.FromMinutes(30), "a renewal");

        Assert.InRange(rig.Time.GetUtcNow() - before.NotBefore, TimeSpan.FromHours(15), TimeSpan.FromHours(20));
        await GatewayRig.UntilAsync(() => rig.Logs.Count(2030) == 1, "the new identity");
        var after = new IdentityStore(rig.Options.State).Load();
        Assert.NotEqual(before.Certificate.Thumbprint, after.Certificate.Thumbprint);
        Assert.False(before.Certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(after.Certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        using var response = await rig.PostAsync("/acme/acme/new-order");
        Assert.Equal(201, (int)response.StatusCode);
        Assert.Equal(after.Certificate.Thumbprint, rig.Plane.LastCaller);
    }

    [Fact]
    public async Task Tls_AtTwoThirds_IsRenewedSilently()
    {
        await using var rig = await StartAsync();
        using var first = await rig.SendAsync(HttpMethod.Get, "/health");
        var before = rig.Shown[0].Thumbprint;
        await rig.AdvanceUntilAsync(() => rig.Plane.TlsCalls > 1, TimeSpan.FromMinutes(30), "a renewal");
        await GatewayRig.UntilAsync(() => rig.Logs.Count(2031) == 2, "the new certificate");
        using var fresh = rig.Client(rig.App.Https.Port, GatewayRig.Origin);
        using var second = await rig.SendAsync(HttpMethod.Get, "/health", client: fresh);
        Assert.NotEqual(before, rig.Shown[0].Thumbprint);
    }

    [Fact]
    public async Task Tls_NamesChanged_IsRenewedOnce()
    {
        await using var rig = await StartAsync();
        var config = rig.Plane.Config.Clone();
        config.TlsNames.Add("new.ca.test");
        // Written in another way than certificates do: no reason to ask again and again.
        config.TlsNames.Add("FD7A:115C:A1E0:0:0:0:0:1");
        config.Etag = "2";
        rig.Plane.Config = config;
        await rig.AdvanceUntilAsync(() => rig.Plane.TlsCalls == 2, TimeSpan.FromSeconds(5), "a certificate for the new name");
        var asked = rig.Plane.ConfigCalls;
        await rig.AdvanceUntilAsync(() => rig.Plane.ConfigCalls > asked + 3, TimeSpan.FromSeconds(5), "more configuration");
        Assert.Equal(2, rig.Plane.TlsCalls);
        using var response = await rig.SendAsync(HttpMethod.Get, "/health");
        Assert.True(rig.Shown[0].MatchesHostname("new.ca.test"));
    }

    [Fact]
    public async Task Renewal_ControlPlaneAway_IsLoggedOnceAndCaughtUp()
    {
        await using var rig = await StartAsync();
        await rig.Plane.PauseAsync();
        await rig.AdvanceUntilAsync(() => rig.Logs.Lines.Any(l => l.Id.Id == 2020 && l.Text.Contains("identity", StringComparison.Ordinal)), TimeSpan.FromMinutes(10), "a failed renewal");
        await rig.Plane.ResumeAsync();
        await rig.AdvanceUntilAsync(() => rig.Plane.RenewCalls > 0 && rig.Logs.Count(2030) > 0, TimeSpan.FromSeconds(20), "the renewal");
        Assert.Single(rig.Logs.Lines, l => l.Id.Id == 2020 && l.Text.Contains("identity", StringComparison.Ordinal));
        Assert.DoesNotContain(rig.Logs.Lines, l => l.Fault is not null);
    }

    private static async Task<GatewayRig> StartAsync()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var rig = await GatewayRig.StartAsync(time, o => o with { ConfigInterval = TimeSpan.FromSeconds(10) });
        Canned.Fill(rig.Plane);
        return rig;
    }
}
