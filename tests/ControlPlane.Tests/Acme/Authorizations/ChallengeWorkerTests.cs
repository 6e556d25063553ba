using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Challenges.DnsAccount01;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Authorizations;

public sealed class ChallengeWorkerTests
{
    [Fact]
    public async Task Dns01_ThatIsAnswered_MakesTheAuthorizationValid()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var started = await rig.StartedAsync("dns-01");
        rig.Dns.Txt("_acme-challenge.nas.test", rig.DigestOf(started));

        var done = await rig.ValidatedAsync(started);

        Assert.Equal(AuthorizationStatus.Valid, done.StatusAt(rig.Time.GetUtcNow()));
        Assert.Null(done.CaaCheckedAt);
        var attempt = Assert.Single(done.Challenges.Single(challenge => challenge.ValidatedAt is not null).Attempts);
        Assert.Equal("dns:_acme-challenge.nas.test?type=TXT", attempt.Url);
        Assert.Equal(rig.Dns.Endpoint.ToString(), attempt.AddressDialled);
    }

    [Fact]
    public async Task Wildcard_AndItsName_HaveTwoValuesAtOnePlace()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var (name, wildcard) = (await rig.StartedAsync("dns-01"), await rig.StartedAsync("dns-01", "*.nas.test"));
        rig.Dns.Txt("_acme-challenge.nas.test", rig.DigestOf(name), rig.DigestOf(wildcard));

        Assert.Equal(AuthorizationStatus.Valid, (await rig.ValidatedAsync(name)).StatusAt(rig.Time.GetUtcNow()));
        Assert.Equal(AuthorizationStatus.Valid, (await rig.ValidatedAsync(wildcard)).StatusAt(rig.Time.GetUtcNow()));
    }

    [Theory]
    [InlineData(AuthorizationRig.CurrentUrl)]
    [InlineData(AuthorizationRig.OtherUrl)]
    [InlineData(AuthorizationRig.RetiredUrl)]
    public async Task DnsAccount01_IsFound_ByAnyUrlOfTheAccount(string accountUrl)
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var started = await rig.StartedAsync("dns-account-01");
        rig.Dns.Txt($"{AccountLabel.Of(accountUrl)}._acme-challenge.nas.test", rig.DigestOf(started));

        Assert.Equal(AuthorizationStatus.Valid, (await rig.ValidatedAsync(started)).StatusAt(rig.Time.GetUtcNow()));
    }

    [Fact]
    public async Task DnsAccount01_BelowAGatewayOfAnotherProvisioner_IsNot()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var started = await rig.StartedAsync("dns-account-01");
        rig.Dns.Txt($"{AccountLabel.Of("https://foreign.test/acme/acme/account/one")}._acme-challenge.nas.test", rig.DigestOf(started));

        Assert.Equal(AuthorizationStatus.Invalid, (await rig.ValidatedAsync(started)).StatusAt(rig.Time.GetUtcNow()));
    }

    [Fact]
    public async Task DnsPersist01_IsNotReused_BeyondItsEnd()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var started = await rig.StartedAsync("dns-persist-01");
        var end = rig.Time.GetUtcNow().AddHours(1);
        rig.Dns.Txt("_validation-persist.nas.test", $"ca.test; accounturi={AuthorizationRig.RetiredUrl}; persistUntil={end.ToUnixTimeSeconds()}");

        var done = await rig.ValidatedAsync(started);

        Assert.Equal(AuthorizationStatus.Valid, done.StatusAt(rig.Time.GetUtcNow()));
        Assert.Equal((end, end), (done.ReusableUntil, done.ExpiresAt));
        Assert.Equal(AuthorizationStatus.Expired, done.StatusAt(end));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DnsPersist01_OfAWildcard_NeedsThePolicy(bool policy)
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var started = await rig.StartedAsync("dns-persist-01", "*.nas.test");
        rig.Dns.Txt("_validation-persist.nas.test", $"ca.test; accounturi={AuthorizationRig.CurrentUrl}{(policy ? "; policy=wildcard" : "")}");

        Assert.Equal(
            policy ? AuthorizationStatus.Valid : AuthorizationStatus.Invalid, (await rig.ValidatedAsync(started)).StatusAt(rig.Time.GetUtcNow()));
    }

    [Fact]
    public async Task Caa_ThatAllows_IsNotedWithItsTime()
    {
        await using var rig = await AuthorizationRig.StartAsync(CaaMode.Require);
        var started = await rig.StartedAsync("dns-01");
        rig.Dns.Txt("_acme-challenge.nas.test", rig.DigestOf(started))
            .Caa("test", "issue", $"ca.test; validationmethods=dns-01; accounturi={AuthorizationRig.OtherUrl}");

        var done = await rig.ValidatedAsync(started);

        Assert.Equal(AuthorizationStatus.Valid, done.StatusAt(rig.Time.GetUtcNow()));
        Assert.Equal(rig.Time.GetUtcNow(), done.CaaCheckedAt);
    }

    [Fact]
    public async Task Caa_ThatForbids_MakesTheChallengeInvalid_AtOnce()
    {
        await using var rig = await AuthorizationRig.StartAsync(CaaMode.Check);
        var started = await rig.StartedAsync("dns-01");
        rig.Dns.Txt("_acme-challenge.nas.test", rig.DigestOf(started)).Caa("nas.test", "issue", "ca.test; validationmethods=http-01");

        var done = await rig.ValidatedAsync(started);

        var failed = done.Challenges.Single(challenge => challenge.Error is not null);
        Assert.Equal(RefusalReason.Caa, failed.Error!.Reason);
        Assert.Contains("does not allow validation by dns-01", failed.Error.Detail, StringComparison.Ordinal);
        Assert.Single(failed.Attempts);
    }

    [Fact]
    public async Task Caa_ThatCannotBeRead_IsTriedAgain_AndThenFails()
    {
        await using var rig = await AuthorizationRig.StartAsync(CaaMode.Check);
        var started = await rig.StartedAsync("dns-01");
        rig.Dns.Txt("_acme-challenge.nas.test", rig.DigestOf(started)).ServFail("nas.test");

        var failed = (await rig.ValidatedAsync(started)).Challenges.Single(challenge => challenge.Error is not null);

        Assert.Equal(RefusalReason.Dns, failed.Error!.Reason);
        Assert.Equal(2, failed.Attempts.Length);
    }

    [Fact]
    public async Task FailedChallenge_AsksNoCaa()
    {
        await using var rig = await AuthorizationRig.StartAsync(CaaMode.Check);

        await rig.ValidatedAsync(await rig.StartedAsync("dns-01"));

        Assert.DoesNotContain(rig.Dns.Questions, question => question.Contains(" CAA ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AttemptTime_IsTheProvisioners()
    {
        await using var rig = await AuthorizationRig.StartAsync(change: provisioner => provisioner with { AttemptTimeout = TimeSpan.FromMilliseconds(300) });
        var started = await rig.StartedAsync("dns-01");
        rig.Dns.Silence("_acme-challenge.nas.test");

        var failed = (await rig.ValidatedAsync(started)).Challenges.Single(challenge => challenge.Error is not null);

        Assert.Contains("timed out after 0.3 s", failed.Error!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proof_ForAnAuthorizationThatExpired_ProvesNothing()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var started = await rig.StartedAsync("dns-01");
        rig.Dns.Txt("_acme-challenge.nas.test", rig.DigestOf(started));
        rig.Time.Advance(started.ExpiresAt - rig.Time.GetUtcNow());

        var done = await rig.ValidatedAsync(started);

        Assert.Equal(AuthorizationStatus.Expired, done.StatusAt(rig.Time.GetUtcNow()));
        Assert.Equal((started.ExpiresAt, started.ReusableUntil, null), (done.ExpiresAt, done.ReusableUntil, done.ProcessingBy));
        Assert.Single(done.Challenges.Single(challenge => challenge.Type == "dns-01").Attempts);
    }
}
