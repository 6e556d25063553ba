using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.Gateway.Tests.Endpoints;

/// <summary><c>limits:connectionsPerAddress</c>: connections as Kestrel hands them on, since tests have no addresses but loopback.</summary>
public sealed class PeerLimitTests : IDisposable
{
    private readonly TestLogs logs = new();
    private readonly FakeTimeProvider time = new();
    private readonly TaskCompletionSource over = new();

    [Theory]
    [InlineData("100.64.0.9", 2)]
    [InlineData("::ffff:100.64.0.9", 2)]
    [InlineData("fd7a:115c:a1e0::9", 2)]
    [InlineData("127.0.0.1", 5)]
    [InlineData("::1", 5)]
    [InlineData("10.1.2.3", 5)]
    [InlineData("::ffff:10.1.2.3", 5)]
    public async Task Connections_OfOneAddress_AreBounded_UnlessItIsAProxyOrThisHost(string address, int taken)
    {
        var door = Door();
        var open = Enumerable.Range(0, 5).Select(_ => Open(door, address)).ToList();

        Assert.Equal(taken, open.Count(c => !c.Running.IsCompleted));
        Assert.Equal(taken == 5 ? 0 : 1, logs.Count(1003));
        // Others are not concerned, and who has gone leaves his places.
        Assert.False(Open(door, "100.64.0.10").Running.IsCompleted);
        over.SetResult();
        await Task.WhenAll(open.Select(c => c.Running));
        Assert.Equal(5 - taken, open.Count(c => c.Connection.IsClosed));
    }

    [Fact]
    public async Task Connection_AfterAnotherHasEnded_IsTaken()
    {
        var door = Door();
        _ = Open(door, "100.64.0.9");
        _ = Open(door, "100.64.0.9");
        await Open(door, "100.64.0.9").Running;
        over.SetResult();

        var next = Open(door, "100.64.0.9");
        await next.Running;

        Assert.False(next.Connection.IsClosed);
    }

    public void Dispose() => logs.Dispose();

    private ConnectionDelegate Door()
    {
        var builder = new ConnectionBuilder(new ServiceCollection().BuildServiceProvider());
        new PeerLimit(new GatewayOptions { ConnectionsPerAddress = 2, Proxies = "10.0.0.0/8" }, time, logs.CreateLogger<PeerLimit>()).Guard(builder);
        builder.Run(_ => over.Task);
        return builder.Build();
    }

    private static (Peer Connection, Task Running) Open(ConnectionDelegate door, string address)
    {
        var connection = new Peer { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 4711) };
        return (connection, door(connection));
    }

    private sealed class Peer : DefaultConnectionContext
    {
        public bool IsClosed { get; private set; }

        public override ValueTask DisposeAsync()
        {
            IsClosed = true;
            return base.DisposeAsync();
        }
    }
}
