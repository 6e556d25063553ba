using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.DnsPersist01;
using GrpcCa.ControlPlane.Refusals;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.DnsPersist01;

public sealed class DnsPersist01ValidatorTests : IAsyncDisposable
{
    private const string Place = "_validation-persist.nas.test", Uri = "accounturi=" + DnsRig.AccountUrl;

    // 2026-01-01T00:00:00Z is 1767225600.
    private readonly FakeTimeProvider time = new(DateTimeOffset.FromUnixTimeSeconds(1767225600));
    private readonly DnsRig rig = new();

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Theory]
    [InlineData("ca.test; " + Uri)]
    [InlineData("CA.TEST.;" + Uri)]
    [InlineData("ca.test; " + Uri + "; unknown=whatever; other=")]
    [InlineData("ca.test; " + Uri + "; policy=wildcard")]
    [InlineData("ca.test; " + Uri + "; policy=unheard-of")]
    [InlineData("ca.test; " + Uri + "; persistUntil=1767225600")]
    [InlineData("ca.test; ACCOUNTURI=" + DnsRig.AccountUrl + "; persistUntil=9999999999")]
    public async Task Record_ForThisAccount_Proves(string text)
    {
        rig.Dns.Txt(Place, text);

        Assert.Null((await RunAsync()).Fault);
    }

    [Theory]
    [InlineData("ca.test", "has no accounturi")]
    [InlineData("other.test; " + Uri, "names another CA")]
    [InlineData("sub.ca.test; " + Uri, "names another CA")]
    [InlineData("; " + Uri, "names another CA")]
    [InlineData("ca.test; " + Uri + "x", "names another account")]
    [InlineData("ca.test; accounturi=HTTPS://CA.TEST/acme/acme/account/one", "names another account")]
    [InlineData("ca.test; " + Uri + "; " + Uri, "has a parameter twice")]
    [InlineData("ca.test; " + Uri + "; persistUntil=1767225599", "has expired: its persistUntil is 2025-12-31T23:59:59Z")]
    [InlineData("ca.test; " + Uri + "; persistUntil=tomorrow", "has a persistUntil that is no number")]
    [InlineData("ca.test; " + Uri + "; persistUntil=-1", "has a persistUntil that is no number")]
    [InlineData("ca.test; " + Uri + "; persistUntil=99999999999999999999", "has a persistUntil that is no number")]
    [InlineData("ca.test; " + Uri + "; persistUntil=1767225600; persistUntil=1767225601", "has a parameter twice")]
    [InlineData("ca.test, " + Uri, "is not of the form")]
    [InlineData("", "names another CA")]
    public async Task Record_ThatDoesNotAllowIt_IsUnauthorized(string text, string why)
    {
        rig.Dns.Txt(Place, text.Length == 0 ? " " : text);

        var fault = (await RunAsync()).Fault!;

        Assert.Equal(RefusalReason.Unauthorized, fault.Reason);
        Assert.Contains(why, fault.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ca.test; " + Uri, false)]
    [InlineData("ca.test; " + Uri + "; policy=other", false)]
    [InlineData("ca.test; " + Uri + "; policy=wildcard", true)]
    [InlineData("ca.test; " + Uri + "; policy=WildCard", true)]
    public async Task Wildcard_NeedsThePolicy(string text, bool proves)
    {
        rig.Dns.Txt(Place, text);

        Assert.Equal(proves, (await RunAsync(wildcard: true)).Fault is null);
    }

    [Fact]
    public async Task OneOfSeveralRecords_Suffices()
    {
        rig.Dns.Txt(Place, "v=spf1 -all", "other.test; " + Uri, "ca.test; " + Uri + "; persistUntil=1", "ca.test; " + Uri);

        Assert.Null((await RunAsync()).Fault);
    }

    [Fact]
    public async Task End_IsCarriedOn()
    {
        rig.Dns.Txt(Place, "ca.test; " + Uri + "; persistUntil=1767229200");

        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1767229200), (await RunAsync()).GoodUntil);
    }

    [Fact]
    public async Task AbsentRecord_IsADnsFault() => Assert.Equal(RefusalReason.Dns, (await RunAsync()).Fault!.Reason);

    [Fact]
    public async Task ProvisionerWithoutIssuerNames_ProvesNothing()
    {
        rig.Dns.Txt(Place, "; " + Uri);

        var outcome = await new DnsPersist01Validator(rig.Texts, time).ValidateAsync(
            rig.Task("nas.test") with { IssuerDomainNames = [] }, TestContext.Current.CancellationToken);

        Assert.Equal(RefusalReason.Unauthorized, outcome.Fault!.Reason);
        Assert.Empty(rig.Dns.Questions);
    }

    private Task<ChallengeOutcome> RunAsync(bool wildcard = false) => new DnsPersist01Validator(rig.Texts, time)
        .ValidateAsync(rig.Task("nas.test") with { Wildcard = wildcard }, TestContext.Current.CancellationToken);
}
