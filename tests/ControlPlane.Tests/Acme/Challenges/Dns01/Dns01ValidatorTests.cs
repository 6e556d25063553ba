using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Dns01;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.Dns01;

public sealed class Dns01ValidatorTests : IAsyncDisposable
{
    private const string Place = "_acme-challenge.nas.test";
    private readonly DnsRig rig = new();

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public async Task Digest_InATxtRecord_Proves()
    {
        rig.Dns.Txt(Place, DnsRig.Digest);

        var outcome = await RunAsync();

        Assert.Null(outcome.Fault);
        Assert.Equal("dns:_acme-challenge.nas.test?type=TXT", outcome.Url);
        Assert.Equal(rig.Dns.Endpoint.ToString(), outcome.AddressDialled);
    }

    [Fact]
    public async Task AnyOfSeveralRecords_Suffices()
    {
        rig.Dns.Txt(Place, "older", "v=spf1 -all", DnsRig.Digest, "another");

        Assert.Null((await RunAsync()).Fault);
    }

    [Fact]
    public async Task Chunks_AreJoined()
    {
        rig.Dns.TxtChunks(Place, DnsRig.Digest[..7], "", DnsRig.Digest[7..20], DnsRig.Digest[20..]);

        Assert.Null((await RunAsync()).Fault);
    }

    [Fact]
    public async Task Delegation_ByCname_IsFollowed()
    {
        rig.Dns.Cname(Place, "nas.acme.example").Txt("nas.acme.example", DnsRig.Digest);

        Assert.Null((await RunAsync()).Fault);
    }

    [Fact]
    public async Task AnswerCutOff_IsAskedForByTcp()
    {
        rig.Dns.Txt(Place, [.. Enumerable.Range(0, 40).Select(i => new string('x', 200) + i), DnsRig.Digest]).Truncate(Place);

        Assert.Null((await RunAsync()).Fault);
        Assert.Contains($"tcp TXT {Place}", rig.Dns.Questions);
    }

    [Fact]
    public async Task Answer_IsNotKept()
    {
        rig.Dns.Txt(Place, "wrong");
        var validator = new Dns01Validator(rig.Texts, TimeProvider.System);
        Assert.NotNull((await validator.ValidateAsync(rig.Task("nas.test"), TestContext.Current.CancellationToken)).Fault);
        rig.Dns.Remove(Place).Txt(Place, DnsRig.Digest);

        Assert.Null((await validator.ValidateAsync(rig.Task("nas.test"), TestContext.Current.CancellationToken)).Fault);
    }

    [Fact]
    public async Task NoSuchName_NoTxt_AndNoMatch_AreToldApart()
    {
        Assert.Equal(new(RefusalReason.Dns, $"DNS knows no name {Place} (NXDOMAIN, from {rig.Dns.Endpoint})"), (await RunAsync()).Fault);
        rig.Dns.A(Place, "100.64.0.1");
        Assert.Equal(new(RefusalReason.Dns, $"DNS has no TXT records for {Place} (from {rig.Dns.Endpoint})"), (await RunAsync()).Fault);
        rig.Dns.Txt(Place, "one", "two");
        Assert.Equal(
            new(RefusalReason.IncorrectResponse, $"none of the 2 TXT records of {Place} is the digest of the key authorization (from {rig.Dns.Endpoint}): \"one\", \"two\""),
            (await RunAsync()).Fault);
    }

    [Theory]
    [InlineData(" ", "")]
    [InlineData("", " ")]
    [InlineData("\"", "\"")]
    [InlineData("", "=")]
    public async Task NearlyTheDigest_IsNot(string before, string after)
    {
        rig.Dns.Txt(Place, before + DnsRig.Digest + after);

        Assert.Equal(RefusalReason.IncorrectResponse, (await RunAsync()).Fault!.Reason);
    }

    [Fact]
    public async Task KeyAuthorizationItself_IsNotItsDigest()
    {
        rig.Dns.Txt(Place, DnsRig.KeyAuthorization);

        Assert.Equal(RefusalReason.IncorrectResponse, (await RunAsync()).Fault!.Reason);
    }

    [Fact]
    public async Task Digest_AtTheNameItself_DoesNotCount()
    {
        rig.Dns.Txt("nas.test", DnsRig.Digest).Txt("_acme-challenge.test", DnsRig.Digest);

        Assert.Equal(RefusalReason.Dns, (await RunAsync()).Fault!.Reason);
    }

    [Theory]
    [InlineData("servfail", "SERVFAIL")]
    [InlineData("refuse", "REFUSED")]
    [InlineData("silence", "DNS gave no answer")]
    [InlineData("garble", Place)]
    public async Task ServerFault_IsADnsFault_AndMayBeRetried(string fault, string words)
    {
        rig.Options = rig.Options with { ResolveTimeout = TimeSpan.FromMilliseconds(500) };
        _ = fault switch
        {
            "servfail" => rig.Dns.ServFail(Place),
            "refuse" => rig.Dns.Refuse(Place),
            "silence" => rig.Dns.Silence(Place),
            _ => rig.Dns.Garble(Place),
        };

        var found = (await RunAsync()).Fault!;

        Assert.Equal(RefusalReason.Dns, found.Reason);
        Assert.True(found.MayRetry);
        Assert.Contains(words, found.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attempt_EndsWithItsTime()
    {
        rig.Dns.Silence(Place);
        var task = rig.Task("nas.test");

        var outcome = await new Dns01Validator(rig.Texts, TimeProvider.System).ValidateAsync(
            task with { Bounds = task.Bounds with { AttemptTimeout = TimeSpan.FromMilliseconds(200) } }, TestContext.Current.CancellationToken);

        Assert.Equal(RefusalReason.Dns, outcome.Fault!.Reason);
        Assert.Contains("timed out after 0.2 s", outcome.Fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HostileValue_IsShownSafely()
    {
        rig.Dns.TxtChunks(Place, "\u001b[31m\r\n\"<script>" + new string('A', 200));

        var detail = (await RunAsync()).Fault!.Detail;

        Assert.DoesNotContain(detail, char.IsControl);
        Assert.Contains("\\x1b[31m\\x0d\\x0a\\x22<script>", detail, StringComparison.Ordinal);
        Assert.True(detail.Length < 400);
    }

    [Fact]
    public async Task NameTooLongForTheQuestion_IsADnsFault()
    {
        var name = string.Join('.', Enumerable.Repeat(new string('a', 61), 4));

        Assert.Equal(RefusalReason.Dns, (await RunAsync(name)).Fault!.Reason);
    }

    [Fact]
    public async Task ResolversOfTheProvisioner_AreAsked_NotTheServers()
    {
        await using var other = DnsResponder.Start();
        rig.Options = rig.Options with { Resolver = [other.Endpoint] };
        rig.Dns.Txt(Place, DnsRig.Digest);

        Assert.Null((await RunAsync()).Fault);
        Assert.Empty(other.Questions);
    }

    private Task<ChallengeOutcome> RunAsync(string name = "nas.test") =>
        new Dns01Validator(rig.Texts, TimeProvider.System).ValidateAsync(rig.Task(name), TestContext.Current.CancellationToken);
}
