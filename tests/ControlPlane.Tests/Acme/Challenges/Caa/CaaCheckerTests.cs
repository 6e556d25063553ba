using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Caa;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.Caa;

public sealed class CaaCheckerTests : IAsyncDisposable
{
    private readonly DnsRig rig = new();

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public async Task NoRecords_MeanYes_AfterTheWholeWayUp()
    {
        await CheckAsync("a.b.nas.test");

        Assert.Equal(["udp CAA a.b.nas.test", "udp CAA b.nas.test", "udp CAA nas.test", "udp CAA test"], rig.Dns.Questions);
    }

    [Fact]
    public async Task NoRecords_WhereOneIsRequired_MeanNo() =>
        Assert.Contains("requires one that names ca.test", await RefusedAsync("nas.test", CaaMode.Require), StringComparison.Ordinal);

    [Fact]
    public async Task RecordsWithoutIssue_MeanYes_UnlessRequired()
    {
        rig.Dns.Caa("nas.test", "iodef", "mailto:root@nas.test");

        await CheckAsync("nas.test");
        Assert.Contains("there is no issue record", await RefusedAsync("nas.test", CaaMode.Require), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nas.test")]
    [InlineData("test")]
    public async Task RecordThatNamesUs_MeansYes_AlsoFarUp(string owner)
    {
        rig.Dns.Caa(owner, "issue", "CA.test.");

        await CheckAsync("nas.test", CaaMode.Require);
    }

    [Fact]
    public async Task RecordOfAnother_MeansNo()
    {
        rig.Dns.Caa("test", "issue", "other.test");

        Assert.Equal("CAA for www.nas.test: at test, issue \"other.test\" names another CA than ca.test", await RefusedAsync("www.nas.test"));
    }

    [Fact]
    public async Task NearestRecords_HideThoseAbove()
    {
        rig.Dns.Caa("test", "issue", ";").Caa("nas.test", "issue", "ca.test");
        await CheckAsync("www.nas.test");
        rig.Dns.Remove("test").Remove("nas.test").Caa("test", "issue", "ca.test").Caa("nas.test", "issue", ";");

        Assert.Contains("at nas.test, issue \";\" allows nobody", await RefusedAsync("www.nas.test"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneOfSeveralRecords_Suffices()
    {
        rig.Dns.Caa("nas.test", "issue", "other.test").Caa("nas.test", "ISSUE", "ca.test").Caa("nas.test", "issue", ";");

        await CheckAsync("nas.test");
    }

    [Fact]
    public async Task Alias_GivesItsTargetsRecords_ButTheWayUpIsTheNames()
    {
        rig.Dns.Cname("www.nas.test", "host.example").Caa("host.example", "issue", ";").Caa("example", "issue", ";");
        Assert.Contains("at www.nas.test", await RefusedAsync("www.nas.test"), StringComparison.Ordinal);
        // RFC 8659 §3: the target's ancestors are never asked.
        rig.Dns.Remove("host.example").A("host.example", "100.64.0.1");

        await CheckAsync("www.nas.test");
        Assert.DoesNotContain("udp CAA example", rig.Dns.Questions);
    }

    [Theory]
    [InlineData("issue", ";", null, null, false)]
    [InlineData("issue", "ca.test", null, null, true)]
    [InlineData("issue", "ca.test", "issuewild", ";", false)]
    [InlineData("issue", ";", "issuewild", "ca.test", true)]
    [InlineData("issuewild", "other.test", null, null, false)]
    public async Task Wildcard_FollowsIssuewild_ElseIssue(string tag, string value, string? second, string? secondValue, bool allowed)
    {
        rig.Dns.Caa("nas.test", tag, value);
        if (second is not null) rig.Dns.Caa("nas.test", second, secondValue!);

        if (allowed) await CheckAsync("nas.test", wildcard: true);
        else Assert.Contains("CAA for *.nas.test", await RefusedAsync("nas.test", wildcard: true), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Issuewild_MeansNothing_ForTheNameItself()
    {
        rig.Dns.Caa("nas.test", "issuewild", ";");

        await CheckAsync("nas.test");
    }

    [Theory]
    [InlineData(128, false)]
    [InlineData(255, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(127, true)]
    public async Task UnknownProperty_ForbidsWhenCritical(byte flags, bool allowed)
    {
        rig.Dns.Caa("nas.test", "issue", "ca.test").Caa("nas.test", "tbs", "unknown", flags);

        if (allowed) await CheckAsync("nas.test");
        else Assert.Contains("the critical property \"tbs\" is unknown", await RefusedAsync("nas.test"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task KnownProperty_MayBeCritical()
    {
        rig.Dns.Caa("nas.test", "Issue", "ca.test", 128).Caa("nas.test", "iodef", "mailto:a@b", 128).Caa("nas.test", "issuemail", ";", 128);

        await CheckAsync("nas.test");
    }

    [Theory]
    [InlineData("ca.test; accounturi=" + DnsRig.AccountUrl, null)]
    [InlineData("ca.test; accounturi=https://old.test/acme/acme/account/one", null)]
    [InlineData("ca.test; accounturi=https://ca.test/acme/acme/account/two", "names another account")]
    [InlineData("ca.test; accounturi=", "names another account")]
    [InlineData("ca.test; accounturi=" + DnsRig.AccountUrl + "; accounturi=" + DnsRig.AccountUrl, "has accounturi twice")]
    [InlineData("ca.test; validationmethods=dns-01", null)]
    [InlineData("ca.test; validationmethods=http-01,dns-01", null)]
    [InlineData("ca.test; validationmethods=http-01,tls-alpn-01", "does not allow validation by dns-01")]
    [InlineData("ca.test; validationmethods=DNS-01", "does not allow validation by dns-01")]
    [InlineData("ca.test; validationmethods=", "does not allow validation by dns-01")]
    [InlineData("ca.test; validationmethods=dns-01; validationmethods=dns-01", "has validationmethods twice")]
    [InlineData("ca.test; validationmethods=dns-01; accounturi=" + DnsRig.AccountUrl, null)]
    [InlineData("ca.test; validationmethods=http-01; accounturi=" + DnsRig.AccountUrl, "does not allow validation by dns-01")]
    [InlineData("ca.test; unknown=parameter", null)]
    [InlineData("ca.test; nonsense", "is malformed, which allows nobody")]
    [InlineData("%%%%%", "is malformed, which allows nobody")]
    public async Task Parameters_NarrowTheRight(string value, string? why)
    {
        rig.Dns.Caa("nas.test", "issue", value);

        if (why is null) await CheckAsync("nas.test");
        else Assert.Contains(why, await RefusedAsync("nas.test"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nas.test")]
    [InlineData("test")]
    public async Task DnsFault_IsNotAnAbsence(string broken)
    {
        rig.Dns.ServFail(broken);

        var refusal = await Assert.ThrowsAsync<RefusalException>(() => CheckAsync("nas.test"));

        Assert.Equal(RefusalReason.Dns, refusal.Reason);
        Assert.Contains($"DNS failed for {broken}: the server answered SERVFAIL", refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refuse")]
    [InlineData("silence")]
    [InlineData("garble")]
    public async Task OtherDnsFaults_AreNotAnAbsenceEither(string how)
    {
        rig.Options = rig.Options with { ResolveTimeout = TimeSpan.FromMilliseconds(500) };
        _ = how switch
        {
            "refuse" => rig.Dns.Refuse("nas.test"),
            "silence" => rig.Dns.Silence("nas.test"),
            _ => rig.Dns.Garble("nas.test"),
        };

        Assert.Equal(RefusalReason.Dns, (await Assert.ThrowsAsync<RefusalException>(() => CheckAsync("nas.test"))).Reason);
    }

    [Fact]
    public async Task WholeCheck_HasABound()
    {
        rig.Dns.Silence("nas.test");

        var refusal = await Assert.ThrowsAsync<RefusalException>(() => CheckAsync("nas.test", timeout: TimeSpan.FromMilliseconds(200)));

        Assert.Equal(RefusalReason.Dns, refusal.Reason);
        Assert.Contains("within 0.2 s", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModeOff_AsksNothing()
    {
        rig.Dns.Caa("nas.test", "issue", ";");

        await CheckAsync("nas.test", CaaMode.Off);

        Assert.Empty(rig.Dns.Questions);
    }

    [Fact]
    public async Task Address_HasNoCaa()
    {
        await Checker.CheckAsync(Provisioner(CaaMode.Require), Identifier.ParseIp("100.64.0.1"), wildcard: false, "http-01", [], TestContext.Current.CancellationToken);

        Assert.Empty(rig.Dns.Questions);
    }

    private CaaChecker Checker => new(new RecordLookup(new NameServers(rig.Options), rig.Options, TimeProvider.System), rig.Options, TimeProvider.System);

    private ProvisionerRecord Provisioner(CaaMode mode, TimeSpan? timeout = null) => new()
    {
        Id = "acme",
        AuthorityId = "home",
        DefaultProfile = "default",
        Caa = mode,
        CaaIdentities = ["ca.test"],
        Resolvers = [rig.Dns.Endpoint.ToString()],
        AttemptTimeout = timeout,
    };

    private Task CheckAsync(string name, CaaMode mode = CaaMode.Check, bool wildcard = false, TimeSpan? timeout = null) => Checker.CheckAsync(
        Provisioner(mode, timeout), Identifier.ParseDns(name), wildcard, "dns-01", [DnsRig.AccountUrl, "https://old.test/acme/acme/account/one"], TestContext.Current.CancellationToken);

    private async Task<string> RefusedAsync(string name, CaaMode mode = CaaMode.Check, bool wildcard = false)
    {
        var refusal = await Assert.ThrowsAsync<RefusalException>(() => CheckAsync(name, mode, wildcard));
        Assert.Equal(RefusalReason.Caa, refusal.Reason);
        return refusal.Detail;
    }
}
