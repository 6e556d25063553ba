using DnsClient;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.Lookup;

public sealed class RecordLookupTests : IAsyncDisposable
{
    private readonly DnsRig rig = new();

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Alias_IsFollowed_WhetherTheServerDoesOrNot(bool serverFollows)
    {
        rig.Dns.FollowsAliases = serverFollows;
        rig.Dns.Cname("a.test", "b.test").Cname("b.test", "c.test").Txt("c.test", "here");

        var found = await FindAsync("a.test");

        Assert.Equal(RecordVerdict.Answered, found.Verdict);
        Assert.Single(found.Records);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Dname_MovesAllBelowIt(bool serverFollows, bool withCname)
    {
        rig.Dns.FollowsAliases = serverFollows;
        rig.Dns.SynthesizesCnames = withCname;
        rig.Dns.Dname("old.test", "new.example").Txt("x.y.new.example", "here");

        Assert.Equal(RecordVerdict.Answered, (await FindAsync("x.y.old.test")).Verdict);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LoopOfAliases_EndsWithAFault(bool serverFollows)
    {
        rig.Dns.FollowsAliases = serverFollows;
        rig.Dns.Cname("a.test", "b.test").Cname("b.test", "a.test");

        var found = await FindAsync("a.test");

        Assert.Equal(RecordVerdict.Failed, found.Verdict);
        Assert.Contains("lead back to a.test: a loop", found.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AliasToItself_IsALoop()
    {
        rig.Dns.Cname("a.test", "a.test");

        Assert.Contains("a loop", (await FindAsync("a.test")).Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public async Task TenAliases_AreFollowed_ElevenAreNot(int aliases, bool expected)
    {
        for (var i = 0; i < aliases; i++) rig.Dns.Cname($"n{i}.test", $"n{i + 1}.test");
        rig.Dns.Txt($"n{aliases}.test", "here");

        var found = await FindAsync("n0.test");

        Assert.Equal(expected, found.Verdict == RecordVerdict.Answered);
        if (!expected) Assert.Contains("more than 10 aliases", found.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AliasToNowhere_IsNoSuchName_AndSaysWhichName(bool serverFollows)
    {
        rig.Dns.FollowsAliases = serverFollows;
        rig.Dns.Cname("a.test", "gone.test");

        var found = await FindAsync("a.test");

        Assert.Equal(RecordVerdict.NoSuchName, found.Verdict);
        Assert.Equal($"a.test is an alias of gone.test: DNS knows no name gone.test (NXDOMAIN, from {rig.Dns.Endpoint})", found.Fault);
    }

    [Fact]
    public async Task AliasToANameWithOtherRecords_HasNoneOfTheType()
    {
        rig.Dns.Cname("a.test", "b.test").A("b.test", "100.64.0.1");

        var found = await FindAsync("a.test");

        Assert.Equal(RecordVerdict.NoRecords, found.Verdict);
        Assert.Contains("DNS has no TXT records for b.test", found.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FaultBehindAnAlias_IsNotAnAbsence()
    {
        rig.Dns.FollowsAliases = false;
        rig.Dns.Cname("a.test", "b.test").ServFail("b.test");

        var found = await FindAsync("a.test");

        Assert.Equal(RecordVerdict.Failed, found.Verdict);
        Assert.Contains("SERVFAIL", found.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Case_DoesNotMatter()
    {
        rig.Dns.Cname("a.test", "B.Test").Txt("b.test", "here");

        Assert.Equal(RecordVerdict.Answered, (await FindAsync("a.test")).Verdict);
    }

    [Fact]
    public void ResolverFile_GivesItsServersInOrder() => Assert.Equal(
        ["100.100.100.100:53", "[fd7a:115c:a1e0::53]:53"],
        ResolverFile.Read(["# made by hand", "search net.gq", "nameserver 100.100.100.100", "nameserver\tfd7a:115c:a1e0::53  ", "nameserver nonsense", "options edns0"]).Select(server => server.ToString()));

    [Fact]
    public void ResolverFile_WithoutServers_MeansThisHost() => Assert.Equal("127.0.0.1:53", Assert.Single(ResolverFile.Read([])).ToString());

    private Task<RecordSet> FindAsync(string name) => rig.Records.FindAsync(name, QueryType.TXT, [rig.Dns.Endpoint], TestContext.Current.CancellationToken);
}
