using System.Net;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges;

public sealed class ValidationResolverTests : IAsyncDisposable
{
    private readonly DnsResponder dns = DnsResponder.Start();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => dns.DisposeAsync();

    [Fact]
    public async Task Name_HasItsAddresses_Ipv6First()
    {
        dns.A("nas.test", "100.64.0.1", "100.64.0.2").Aaaa("nas.test", "fd7a:115c:a1e0::1");

        var resolution = await ResolveAsync("nas.test");

        Assert.Null(resolution.Fault);
        Assert.Equal(["fd7a:115c:a1e0::1", "100.64.0.1", "100.64.0.2"], resolution.Addresses.Select(address => address.ToString()));
    }

    [Fact]
    public async Task Alias_LeadsToItsTarget()
    {
        dns.Cname("www.test", "web.test").Cname("web.test", "nas.test").A("nas.test", "100.64.0.1");

        Assert.Equal([IPAddress.Parse("100.64.0.1")], (await ResolveAsync("www.test")).Addresses);
    }

    [Fact]
    public async Task Answer_IsNotKept()
    {
        dns.A("nas.test", "100.64.0.1");
        Assert.Equal([IPAddress.Parse("100.64.0.1")], (await ResolveAsync("nas.test")).Addresses);
        dns.Remove("nas.test").A("nas.test", "100.64.0.2");

        Assert.Equal([IPAddress.Parse("100.64.0.2")], (await ResolveAsync("nas.test")).Addresses);
    }

    [Fact]
    public async Task AnswerCutOff_IsAskedForByTcp()
    {
        dns.A("nas.test", Enumerable.Range(1, 200).Select(n => $"100.64.1.{n}")).Truncate("nas.test");

        Assert.Equal(200, (await ResolveAsync("nas.test")).Addresses.Length);
        Assert.Contains("tcp A nas.test", dns.Questions);
    }

    [Fact]
    public async Task Faults_AreToldApart()
    {
        dns.Txt("text.test", "no address").ServFail("broken.test").Refuse("closed.test").Garble("garbage.test");

        Assert.Equal($"DNS knows no name none.test (NXDOMAIN) (from {dns.Endpoint})", (await ResolveAsync("none.test")).Fault);
        Assert.Equal($"DNS has no A or AAAA records for text.test (from {dns.Endpoint})", (await ResolveAsync("text.test")).Fault);
        Assert.Equal($"DNS failed for broken.test: the server answered SERVFAIL (from {dns.Endpoint})", (await ResolveAsync("broken.test")).Fault);
        Assert.Equal($"DNS failed for closed.test: the server answered REFUSED (from {dns.Endpoint})", (await ResolveAsync("closed.test")).Fault);
        Assert.Contains("garbage.test", (await ResolveAsync("garbage.test", TimeSpan.FromMilliseconds(500))).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SilentServer_EndsWithinTheBound()
    {
        dns.Silence("slow.test");
        var began = TimeProvider.System.GetTimestamp();

        var resolution = await ResolveAsync("slow.test", TimeSpan.FromMilliseconds(500));

        Assert.Contains("DNS gave no answer for slow.test", resolution.Fault, StringComparison.Ordinal);
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task DeadServer_IsAFaultNotAnException()
    {
        var gone = DnsResponder.Start();
        await gone.DisposeAsync();
        var options = new ValidationOptions { Resolver = [gone.Endpoint], ResolveTimeout = TimeSpan.FromMilliseconds(500) };

        Assert.NotNull((await Resolver(options).ResolveAsync("nas.test", options.Resolver, Stop)).Fault);
    }

    [Fact]
    public async Task SecondServer_IsAsked_WhenTheFirstIsGone()
    {
        var gone = DnsResponder.Start();
        await gone.DisposeAsync();
        dns.A("nas.test", "100.64.0.1");
        var options = new ValidationOptions { Resolver = [gone.Endpoint, dns.Endpoint], ResolveTimeout = TimeSpan.FromSeconds(5) };

        Assert.Equal([IPAddress.Parse("100.64.0.1")], (await Resolver(options).ResolveAsync("nas.test", options.Resolver, Stop)).Addresses);
    }

    [Fact]
    public async Task FaultOfOneQuestion_DoesNotHideTheOthersAnswer()
    {
        dns.A("nas.test", "100.64.0.1");

        Assert.Null((await ResolveAsync("nas.test")).Fault);
        Assert.Contains("udp AAAA nas.test", dns.Questions);
    }

    [Fact]
    public async Task DnsFault_OfAnAttempt_HasReasonDns()
    {
        await using var validation = new Validation();
        validation.Dns.ServFail("broken.test");

        var outcome = await validation.RunAsync("broken.test", 80);

        Assert.Equal(RefusalReason.Dns, outcome.Fault!.Reason);
        Assert.True(outcome.Fault.MayRetry);
        Assert.Contains("SERVFAIL", outcome.Fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SystemResolver_ReadsTheHostsFile_AndAnswersWithinTheBound()
    {
        var options = new ValidationOptions { ResolveTimeout = TimeSpan.FromSeconds(2) };
        var resolver = Resolver(options);
        var listed = (await File.ReadAllLinesAsync("/etc/hosts", Stop))
            .Select(line => line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(words => words.Length > 1 && words[1] != "localhost");
        if (listed is not null)
            Assert.Contains(IPAddress.Parse(listed[0]), (await resolver.ResolveAsync(listed[1], [], Stop)).Addresses);

        var began = TimeProvider.System.GetTimestamp();
        var nowhere = await resolver.ResolveAsync("no-such-host.invalid", [], Stop);

        Assert.Contains("no-such-host.invalid", nowhere.Fault, StringComparison.Ordinal);
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(8));
    }

    private static ValidationResolver Resolver(ValidationOptions options) => new(new NameServers(options), options, TimeProvider.System);

    private Task<Resolution> ResolveAsync(string name, TimeSpan? within = null) =>
        Resolver(new ValidationOptions { ResolveTimeout = within ?? TimeSpan.FromSeconds(5) }).ResolveAsync(name, [dns.Endpoint], Stop);
}
