using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.Http01;

/// <summary>From the name to the connection: DNS, IPv6 and IPv4, addresses as identifiers, forbidden addresses.</summary>
public sealed class DiallingTests : IAsyncDisposable
{
    private readonly Validation validation = new();

    public ValueTask DisposeAsync() => validation.DisposeAsync();

    [Fact]
    public async Task AddressIdentifier_IsDialledWithoutDns()
    {
        await using var four = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization), "127.0.0.5");
        await using var six = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization), "::1");

        Assert.Null((await validation.RunAsync("127.0.0.5", four.Port)).Fault);
        var outcome = await validation.RunAsync("::1", six.Port);

        Assert.Null(outcome.Fault);
        Assert.Equal($"http://[::1]:{six.Port}{Validation.Path}", outcome.Url);
        Assert.Contains($"\r\nHost: 127.0.0.5:{four.Port}\r\n", four.Requests.Single(), StringComparison.Ordinal);
        Assert.Contains($"\r\nHost: [::1]:{six.Port}\r\n", six.Requests.Single(), StringComparison.Ordinal);
        Assert.Empty(validation.Dns.Questions);
    }

    [Fact]
    public async Task Ipv6_ComesFirst()
    {
        validation.Dns.A("nas.test", "127.0.0.1").Aaaa("nas.test", "::1");
        var servers = RawServer.StartOnOnePort((stream, _, stop) => RawServer.SayAsync(stream, RawServer.Ok(Validation.KeyAuthorization), stop), "127.0.0.1", "::1");
        await using var four = servers[0];
        await using var six = servers[1];

        var outcome = await validation.RunAsync("nas.test", four.Port);

        Assert.Null(outcome.Fault);
        Assert.Equal((0, 1), (four.Connections, six.Connections));
        Assert.Equal(["::1", "127.0.0.1"], outcome.AddressesResolved);
    }

    [Fact]
    public async Task Ipv4_IsTriedOnce_WhenIpv6DoesNotConnect()
    {
        validation.Dns.A("nas.test", "127.0.0.1").Aaaa("nas.test", "::1");
        await using var four = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization));

        var outcome = await validation.RunAsync("nas.test", four.Port);

        Assert.Null(outcome.Fault);
        Assert.Equal($"127.0.0.1:{four.Port}", outcome.AddressDialled);
    }

    [Fact]
    public async Task WrongAnswerOverIpv6_IsFinal()
    {
        validation.Dns.A("nas.test", "127.0.0.1").Aaaa("nas.test", "::1");
        await using var four = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization));
        await using var six = RawServer.Start(RawServer.Ok("no"), "::1", four.Port);

        Assert.NotNull((await validation.RunAsync("nas.test", four.Port)).Fault);
        Assert.Equal(0, four.Connections);
    }

    [Fact]
    public async Task NobodyListening_NamesEveryAddressTried()
    {
        validation.Dns.A("nas.test", "127.0.0.1", "127.0.0.2").Aaaa("nas.test", "::1");
        int port;
        await using (var gone = RawServer.Start("")) port = gone.Port;

        var outcome = await validation.RunAsync("nas.test", port);

        Assert.Equal(RefusalReason.Connection, outcome.Fault!.Reason);
        Assert.Equal($"could not connect to nas.test: [::1]:{port}: connection refused; 127.0.0.1:{port}: connection refused", outcome.Fault.Detail);
        Assert.True(outcome.Fault.MayRetry);
    }

    [Fact]
    public async Task ForbiddenAddresses_AreNamed_AndNotRetried()
    {
        validation.Ranges = GrpcCa.ControlPlane.Acme.Challenges.ValidationOptions.TailnetRanges;
        validation.Dns.A("nas.test", "127.0.0.1", "100.100.100.100").Aaaa("nas.test", "::1");
        await using var server = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization));

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Equal(RefusalReason.Connection, outcome.Fault!.Reason);
        Assert.False(outcome.Fault.MayRetry);
        Assert.Equal("", outcome.AddressDialled);
        Assert.Contains("127.0.0.1 is outside the ranges", outcome.Fault.Detail, StringComparison.Ordinal);
        Assert.Contains("::1 is outside the ranges", outcome.Fault.Detail, StringComparison.Ordinal);
        Assert.Contains("100.100.100.100 is the tailnet's service address", outcome.Fault.Detail, StringComparison.Ordinal);
        Assert.Equal(0, server.Connections);
    }

    [Fact]
    public async Task ForbiddenAddress_BesideAnAllowedOne_IsPassedOver()
    {
        validation.Ranges = Validation.Networks("127.0.0.2/32");
        validation.Dns.A("nas.test", "127.0.0.1", "127.0.0.2").Aaaa("nas.test", "::1");
        var servers = RawServer.StartOnOnePort(
            (stream, _, stop) => RawServer.SayAsync(stream, RawServer.Ok(Validation.KeyAuthorization), stop), "127.0.0.1", "127.0.0.2", "::1");
        await using var one = servers[0];
        await using var two = servers[1];
        await using var six = servers[2];

        Assert.Null((await validation.RunAsync("nas.test", one.Port)).Fault);
        Assert.Equal((0, 1, 0), (one.Connections, two.Connections, six.Connections));
    }

    [Fact]
    public async Task MappedAddress_IsDialledInPlainForm()
    {
        validation.Dns.Aaaa("nas.test", "::ffff:127.0.0.7");
        await using var server = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization), "127.0.0.7");

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Null(outcome.Fault);
        Assert.Equal($"127.0.0.7:{server.Port}", outcome.AddressDialled);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("nas.localhost")]
    public async Task Localhost_IsLoopback_WithoutDns(string name)
    {
        validation.Dns.A(name, "127.0.0.9");
        await using var server = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization));

        var outcome = await validation.RunAsync(name, server.Port);

        Assert.Null(outcome.Fault);
        Assert.Equal($"127.0.0.1:{server.Port}", outcome.AddressDialled);
        Assert.Empty(validation.Dns.Questions);
    }

    [Fact]
    public async Task Localhost_OutsideTheRanges_IsRefused()
    {
        validation.Ranges = GrpcCa.ControlPlane.Acme.Challenges.ValidationOptions.TailnetRanges;

        var outcome = await validation.RunAsync("localhost", 80);

        Assert.False(outcome.Fault!.MayRetry);
    }

    [Fact]
    public async Task SlowConnection_LeavesTimeForIpv4()
    {
        // A listener whose queue is full answers no SYN: the connection hangs as behind a dead route.
        using var full = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetworkV6, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await using var four = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization));
        full.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.IPv6Loopback, four.Port));
        full.Listen(0);
        var waiting = new List<System.Net.Sockets.Socket>();
        for (var n = 0; n < 4; n++)
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { Blocking = false };
            try
            {
                socket.Connect(full.LocalEndPoint!);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // In progress, as it should be.
            }
            waiting.Add(socket);
        }
        validation.Change = options => options with { ConnectTimeout = TimeSpan.FromMilliseconds(300) };
        validation.Dns.A("nas.test", "127.0.0.1").Aaaa("nas.test", "::1");

        var outcome = await validation.RunAsync("nas.test", four.Port);

        waiting.ForEach(socket => socket.Dispose());
        Assert.Null(outcome.Fault);
        Assert.Equal($"127.0.0.1:{four.Port}", outcome.AddressDialled);
    }
}
