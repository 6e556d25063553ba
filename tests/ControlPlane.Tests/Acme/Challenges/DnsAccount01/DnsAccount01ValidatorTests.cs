using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.DnsAccount01;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.DnsAccount01;

public sealed class DnsAccount01ValidatorTests : IAsyncDisposable
{
    private readonly DnsRig rig = new();

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public void Label_OfTheDraftsExample_IsTheDrafts() =>
        Assert.Equal("_ujmmovf2vn55tgye", AccountLabel.Of("https://example.com/acme/acct/ExampleAccount"));

    [Fact]
    public async Task Digest_BelowTheAccountsLabel_Proves()
    {
        rig.Dns.Txt(Place(DnsRig.AccountUrl), DnsRig.Digest);

        Assert.Null((await RunAsync(DnsRig.AccountUrl)).Fault);
    }

    [Fact]
    public async Task EachBaseUrl_IsTried()
    {
        string[] urls = ["https://one.test/acme/acme/account/a", "https://two.test/acme/acme/account/a", "https://three.test/acme/acme/account/a"];
        rig.Dns.Txt(Place(urls[2]), DnsRig.Digest).ServFail(Place(urls[0])).Txt(Place(urls[1]), "other");

        Assert.Null((await RunAsync(urls)).Fault);
    }

    [Fact]
    public async Task Dns01sPlace_DoesNotCount()
    {
        rig.Dns.Txt("_acme-challenge.nas.test", DnsRig.Digest);

        Assert.Equal(RefusalReason.Dns, (await RunAsync(DnsRig.AccountUrl)).Fault!.Reason);
    }

    [Fact]
    public async Task AnotherAccountsLabel_DoesNotCount()
    {
        rig.Dns.Txt(Place("https://ca.test/acme/acme/account/two"), DnsRig.Digest);

        Assert.Equal(RefusalReason.Dns, (await RunAsync(DnsRig.AccountUrl)).Fault!.Reason);
    }

    [Fact]
    public async Task WrongContent_SaysMoreThanAnAbsentLabel()
    {
        rig.Dns.Txt(Place("https://two.test/a"), "wrong");

        var fault = (await RunAsync("https://one.test/a", "https://two.test/a")).Fault!;

        Assert.Equal(RefusalReason.IncorrectResponse, fault.Reason);
        Assert.Contains("\"wrong\"", fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProvisionerWithoutGateways_ProvesNothing() => Assert.False((await RunAsync()).Fault!.MayRetry);

    private static string Place(string accountUrl) => $"{AccountLabel.Of(accountUrl)}._acme-challenge.nas.test";

    private Task<ChallengeOutcome> RunAsync(params string[] urls) => new DnsAccount01Validator(rig.Texts, TimeProvider.System)
        .ValidateAsync(rig.Task("nas.test") with { AccountUrls = [.. urls] }, TestContext.Current.CancellationToken);
}
