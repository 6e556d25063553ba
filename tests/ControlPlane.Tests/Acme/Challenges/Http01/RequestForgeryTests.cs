using GrpcCa.ControlPlane.Refusals;
using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.Http01;

/// <summary>
/// An allowed target (127.0.0.2) sends the validator elsewhere, in every spelling we know; listeners on other addresses
/// of the same port, and on other ports of the allowed address, must not see one connection.
/// </summary>
public sealed class RequestForgeryTests : IAsyncLifetime
{
    private readonly Validation validation = new() { Ranges = Validation.Networks("127.0.0.2/32") };
    private string location = "";
    private RawServer target = null!;
    private IReadOnlyList<RawServer> forbidden = [];
    private RawServer otherPort = null!;

    public ValueTask InitializeAsync()
    {
        var servers = RawServer.StartOnOnePort((stream, _, stop) => RawServer.SayAsync(stream, RawServer.Redirect(location), stop),
            "127.0.0.2", "127.0.0.1", "::1", "127.0.0.3", "127.1.2.3");
        target = servers[0];
        forbidden = [.. servers.Skip(1)];
        otherPort = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization), "127.0.0.2");
        validation.Dns
            .A("nas.test", "127.0.0.2").A("inside.test", "127.0.0.1").Aaaa("inside6.test", "::1").Aaaa("mapped.test", "::ffff:127.0.0.1")
            .Aaaa("nat64.test", "64:ff9b::127.0.0.1").Aaaa("sixtofour.test", "2002:7f00:1::").A("zero.test", "0.0.0.0").Aaaa("zero6.test", "::")
            .A("many.test", "127.0.0.1", "127.0.0.3", "127.1.2.3").Cname("alias.test", "inside.test").A("service.test", "100.100.100.100");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await target.DisposeAsync();
        await otherPort.DisposeAsync();
        foreach (var server in forbidden) await server.DisposeAsync();
        await validation.DisposeAsync();
    }

    [Theory]
    [InlineData("http://127.0.0.1:{port}/")]
    [InlineData("http://127.0.0.3:{port}/")]
    [InlineData("http://127.1.2.3:{port}/")]
    [InlineData("http://127.1:{port}/")]
    [InlineData("http://2130706433:{port}/")]
    [InlineData("http://0x7f000001:{port}/")]
    [InlineData("http://0x7f.0.0.1:{port}/")]
    [InlineData("http://017700000001:{port}/")]
    [InlineData("http://0177.0.0.1:{port}/")]
    [InlineData("http://127.000.000.001:{port}/")]
    [InlineData("http://0.0.0.0:{port}/")]
    [InlineData("http://0:{port}/")]
    [InlineData("http://[::1]:{port}/")]
    [InlineData("http://[0:0:0:0:0:0:0:1]:{port}/")]
    [InlineData("http://[::]:{port}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{port}/")]
    [InlineData("http://[::ffff:7f00:1]:{port}/")]
    [InlineData("http://[::127.0.0.1]:{port}/")]
    [InlineData("http://[64:ff9b::7f00:1]:{port}/")]
    [InlineData("http://[2002:7f00:1::]:{port}/")]
    [InlineData("http://[::1%25lo]:{port}/")]
    [InlineData("http://[fe80::1%25lo]:{port}/")]
    [InlineData("http://[::1%lo]:{port}/")]
    [InlineData("http://localhost:{port}/")]
    [InlineData("http://LOCALHOST:{port}/")]
    [InlineData("http://localhost.:{port}/")]
    [InlineData("http://a.localhost:{port}/")]
    [InlineData("http://inside.test:{port}/")]
    [InlineData("http://INSIDE.TEST:{port}/")]
    [InlineData("http://inside.test.:{port}/")]
    [InlineData("http://inside6.test:{port}/")]
    [InlineData("http://mapped.test:{port}/")]
    [InlineData("http://nat64.test:{port}/")]
    [InlineData("http://sixtofour.test:{port}/")]
    [InlineData("http://zero.test:{port}/")]
    [InlineData("http://zero6.test:{port}/")]
    [InlineData("http://many.test:{port}/")]
    [InlineData("http://alias.test:{port}/")]
    [InlineData("http://service.test:{port}/")]
    [InlineData("http://100.100.100.100:{port}/")]
    [InlineData("http://169.254.169.254:{port}/latest/meta-data/")]
    [InlineData("//127.0.0.1:{port}/")]
    [InlineData("///127.0.0.1:{port}/")]
    [InlineData("http:///127.0.0.1:{port}/")]
    [InlineData("http:127.0.0.1:{port}/")]
    [InlineData("http:\\\\127.0.0.1:{port}\\")]
    [InlineData("\\\\127.0.0.1:{port}\\")]
    [InlineData("/\\127.0.0.1:{port}/")]
    [InlineData("http://nas.test:{port}@127.0.0.1:{port}/")]
    [InlineData("http://nas.test@127.0.0.1:{port}/")]
    [InlineData("http://127.0.0.1:{port}\\@nas.test:{port}/")]
    [InlineData("http://127.0.0.1:{port}#@nas.test:{port}/")]
    [InlineData("http://127.0.0.1:{port}?@nas.test:{port}/")]
    [InlineData("http://①②⑦.0.0.1:{port}/")]
    [InlineData("http://127。0。0。1:{port}/")]
    [InlineData("http://%31%32%37.0.0.1:{port}/")]
    [InlineData("http://127.0.0.1%00.nas.test:{port}/")]
    [InlineData("http://127.0.0.1\t.nas.test:{port}/")]
    [InlineData("http://nas.test:{other}/")]
    [InlineData("http://127.0.0.2:{other}/")]
    [InlineData("http://nas.test/")]
    [InlineData("https://nas.test:{port}/")]
    [InlineData("https://nas.test:{other}/")]
    [InlineData("https://127.0.0.1:1/")]
    [InlineData("ftp://nas.test:{port}/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("file://127.0.0.1/etc/passwd")]
    [InlineData("gopher://127.0.0.1:{port}/_GET")]
    [InlineData("data:text/plain,x")]
    [InlineData("javascript:alert(1)")]
    [InlineData("unix:/var/run/docker.sock")]
    [InlineData("http://")]
    [InlineData("http://:{port}/")]
    [InlineData("http://nas.test:99999/")]
    [InlineData("http://nas.test:-1/")]
    [InlineData("http://[/")]
    [InlineData("http://user:password@nas.test:{port}/")]
    public async Task Redirect_OutOfBounds_ConnectsNowhere(string template)
    {
        location = template.Replace("{port}", $"{target.Port}", StringComparison.Ordinal).Replace("{other}", $"{otherPort.Port}", StringComparison.Ordinal);

        var outcome = await validation.RunAsync("nas.test", target.Port);

        Assert.NotNull(outcome.Fault);
        Assert.DoesNotContain(outcome.Fault.Detail, c => char.IsControl(c) || (c > 0x7e && c != '…'));
        Assert.All(forbidden, server => Assert.Equal(0, server.Connections));
        Assert.Equal(0, otherPort.Connections);
        Assert.All(target.Requests, request => Assert.DoesNotContain("password", request, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("inside.test")]
    [InlineData("inside6.test")]
    [InlineData("mapped.test")]
    [InlineData("nat64.test")]
    [InlineData("sixtofour.test")]
    [InlineData("zero.test")]
    [InlineData("zero6.test")]
    [InlineData("many.test")]
    [InlineData("alias.test")]
    [InlineData("service.test")]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Name_OutOfBounds_ConnectsNowhere(string name)
    {
        var outcome = await validation.RunAsync(name, target.Port);

        Assert.Equal(RefusalReason.Connection, outcome.Fault!.Reason);
        Assert.False(outcome.Fault.MayRetry);
        Assert.All(forbidden, server => Assert.Equal(0, server.Connections));
    }

    [Fact]
    public async Task NameThatRebinds_IsJudgedByTheAddressThatIsDialled()
    {
        // The first question gets the allowed address, every later one the forbidden.
        var asked = 0;
        validation.Dns.Remove("nas.test");
        validation.Dns.Otherwise = name => name == "nas.test" ? System.Net.IPAddress.Parse(Interlocked.Increment(ref asked) <= 2 ? "127.0.0.2" : "127.0.0.1") : null;
        location = $"http://nas.test:{target.Port}/again";

        var outcome = await validation.RunAsync("nas.test", target.Port);

        Assert.Contains("127.0.0.1 is outside the ranges", outcome.Fault!.Detail, StringComparison.Ordinal);
        Assert.Equal(1, target.Connections);
        Assert.All(forbidden, server => Assert.Equal(0, server.Connections));
    }

    [Fact]
    public async Task Proxy_OfTheEnvironment_IsIgnored()
    {
        await using var proxy = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization), "127.0.0.8");
        var before = Environment.GetEnvironmentVariable("http_proxy");
        Environment.SetEnvironmentVariable("http_proxy", $"http://127.0.0.8:{proxy.Port}");
        try
        {
            location = "/x";
            await validation.RunAsync("nas.test", target.Port);
        }
        finally
        {
            Environment.SetEnvironmentVariable("http_proxy", before);
        }
        Assert.Equal(0, proxy.Connections);
        Assert.NotEqual(0, target.Connections);
    }
}
