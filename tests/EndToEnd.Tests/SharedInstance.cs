using System.Net;
using GrpcCa.EndToEnd.Tests;

[assembly: AssemblyFixture(typeof(SharedInstance))]

namespace GrpcCa.EndToEnd.Tests;

/// <summary>
/// One running instance for all tests that change nothing of each other's: each takes names with a loopback address of
/// its own, so that all of them can listen on the one validation port.
/// </summary>
public sealed class SharedInstance : IAsyncLifetime
{
    private readonly DnsResponder dns = DnsResponder.Start();
    private int addresses = 1;

    internal RunningInstance Instance { get; private set; } = null!;

    /// <summary>What validation asks for names; also for records of a test's own.</summary>
    internal DnsResponder Dns => dns;

    public async ValueTask InitializeAsync() => Instance = await RunningInstance.StartAsync(new() { Resolver = dns.Endpoint });

    /// <summary>A name under <c>test</c> and the address that it has.</summary>
    internal TestSite NewSite(string label)
    {
        var number = Interlocked.Increment(ref addresses);
        var address = new IPAddress([127, 0, (byte)(number / 250), (byte)(number % 250 + 1)]);
        var name = $"{label}-{number}.test";
        dns.A(name, address.ToString());
        return new(name, address, Instance);
    }

    public async ValueTask DisposeAsync()
    {
        if (Instance is not null) await Instance.DisposeAsync();
        await dns.DisposeAsync();
    }
}
