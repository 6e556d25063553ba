using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Authorizations;

public sealed class CaaRecheckTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, false)]
    [InlineData(7 * 60 + 59, false)]
    [InlineData(8 * 60, true)]
    [InlineData(20 * 60, true)]
    public async Task Answer_OlderThanEightHours_IsAskedForAgain(int minutes, bool again)
    {
        await using var rig = await AuthorizationRig.StartAsync(CaaMode.Check);
        var valid = await ValidAsync(rig, "nas.test");
        rig.Time.Advance(TimeSpan.FromMinutes(minutes));
        rig.Dns.Questions.Clear();

        await rig.Recheck.CheckAsync(rig.Provisioner(CaaMode.Check), [valid], Stop);

        Assert.Equal(again, !rig.Dns.Questions.IsEmpty);
        var noted = (await rig.FoundAsync(valid)).CaaCheckedAt;
        Assert.Equal(again ? rig.Time.GetUtcNow() : valid.CaaCheckedAt, noted);
    }

    [Fact]
    public async Task ModeSwitchedOnLater_AsksForWhatWasNeverAsked()
    {
        await using var rig = await AuthorizationRig.StartAsync(CaaMode.Off);
        var valid = await ValidAsync(rig, "nas.test");
        rig.Dns.Caa("nas.test", "issue", ";");

        var refusal = await Assert.ThrowsAsync<RefusalException>(() => rig.Recheck.CheckAsync(rig.Provisioner(CaaMode.Check), [valid], Stop));

        Assert.Equal(RefusalReason.Caa, refusal.Reason);
        Assert.Null((await rig.FoundAsync(valid)).CaaCheckedAt);
    }

    [Fact]
    public async Task ModeOff_AsksNothing()
    {
        await using var rig = await AuthorizationRig.StartAsync(CaaMode.Off);
        var valid = await ValidAsync(rig, "nas.test");
        rig.Dns.Caa("nas.test", "issue", ";");

        await rig.Recheck.CheckAsync(rig.Provisioner(CaaMode.Off), [valid], Stop);
    }

    // Boulder, 2020-02-29: of several names one was checked as often as there were names.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task EachName_IsChecked_WhereverTheBadOneStands(int bad)
    {
        await using var rig = await AuthorizationRig.StartAsync(CaaMode.Check);
        var names = Enumerable.Range(0, 4).Select(i => $"n{i}.test").ToList();
        var valid = new List<Authorization>();
        foreach (var name in names) valid.Add(await ValidAsync(rig, name));
        rig.Time.Advance(TimeSpan.FromHours(9));
        rig.Dns.Caa(names[bad], "issue", "other.test");

        var refusal = await Assert.ThrowsAsync<RefusalException>(() => rig.Recheck.CheckAsync(rig.Provisioner(CaaMode.Check), valid, Stop));

        Assert.Equal(names[bad], Assert.Single(refusal.Parts).Name);
        Assert.All(names, name => Assert.Contains($"udp CAA {name}", rig.Dns.Questions));
        // The good ones are noted, the bad one is not.
        foreach (var (authorization, i) in valid.Select((authorization, i) => (authorization, i)))
            Assert.Equal(i != bad, (await rig.FoundAsync(authorization)).CaaCheckedAt == rig.Time.GetUtcNow());
    }

    [Fact]
    public async Task SeveralBadNames_AreAllNamed()
    {
        await using var rig = await AuthorizationRig.StartAsync(CaaMode.Check);
        List<Authorization> valid = [await ValidAsync(rig, "nas.test"), await ValidAsync(rig, "*.nas.test"), await ValidAsync(rig, "other.test")];
        rig.Time.Advance(TimeSpan.FromHours(9));
        rig.Dns.Caa("nas.test", "issue", ";").ServFail("other.test");

        var refusal = await Assert.ThrowsAsync<RefusalException>(() => rig.Recheck.CheckAsync(rig.Provisioner(CaaMode.Check), valid, Stop));

        Assert.Equal([(RefusalReason.Caa, "nas.test"), (RefusalReason.Caa, "*.nas.test"), (RefusalReason.Dns, "other.test")], refusal.Parts.Select(part => (part.Reason, part.Name)));
        Assert.StartsWith("3 of 3 names are refused", refusal.Detail, StringComparison.Ordinal);
    }

    private static async Task<Authorization> ValidAsync(AuthorizationRig rig, string name)
    {
        var started = await rig.StartedAsync("dns-01", name);
        rig.Dns.Txt($"_acme-challenge.{started.Identifier.Value}", rig.DigestOf(started));
        var done = await rig.ValidatedAsync(started);
        Assert.Equal(AuthorizationStatus.Valid, done.StatusAt(rig.Time.GetUtcNow()));
        return done;
    }
}
