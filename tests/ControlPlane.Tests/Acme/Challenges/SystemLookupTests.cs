using System.Net;
using System.Net.Sockets;
using GrpcCa.ControlPlane.Acme.Challenges;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges;

/// <summary>A resolver that says nothing keeps its own threads and nobody else's.</summary>
public sealed class SystemLookupTests
{
    private static readonly IPAddress[] Found = [IPAddress.Parse("100.64.0.1")];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Resolver_IsAskedOnNoThreadOfThePool()
    {
        var lookup = new SystemLookup(4, _ => Thread.CurrentThread.IsThreadPoolThread ? [] : Found);

        Assert.Equal(Found, (await lookup.ResolveAsync("nas.test", Stop)).Addresses);
    }

    [Fact]
    public async Task SilentResolver_IsAskedForSoManyNamesAtOnceAndNoMore()
    {
        using var silence = new ManualResetEventSlim();
        var (asked, most) = (0, 0);
        var lookup = new SystemLookup(3, _ =>
        {
            var now = Interlocked.Increment(ref asked);
            InterlockedMax(ref most, now);
            silence.Wait(Stop);
            Interlocked.Decrement(ref asked);
            return Found;
        });
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        var lookups = Enumerable.Range(0, 10).Select(i => lookup.ResolveAsync($"h{i}.test", i < 3 ? Stop : patience.Token)).ToList();
        while (Volatile.Read(ref asked) < 3) await Task.Delay(5, Stop);
        await patience.CancelAsync();
        foreach (var waiting in lookups.Skip(3)) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        silence.Set();

        foreach (var answered in lookups.Take(3)) Assert.Equal(Found, (await answered).Addresses);
        Assert.Equal(3, most);
    }

    [Fact]
    public async Task Place_ComesBackWhenTheResolverAnswersWhomNobodyWaitsFor()
    {
        using var silence = new ManualResetEventSlim();
        var lookup = new SystemLookup(1, name =>
        {
            if (name != "slow.test.") return Found;
            silence.Wait(Stop);
            throw new SocketException((int)SocketError.TryAgain);
        });
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var slow = lookup.ResolveAsync("slow.test", patience.Token);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        var next = lookup.ResolveAsync("nas.test", Stop);
        Assert.False(next.IsCompleted);

        silence.Set();

        Assert.Equal(Found, (await next).Addresses);
    }

    [Fact]
    public async Task Fault_IsASentence()
    {
        var lookup = new SystemLookup(1, _ => throw new SocketException((int)SocketError.TryAgain));

        for (var i = 0; i < 3; i++)
            Assert.Equal("DNS failed for nas.test: the system's resolver got no usable answer (timeout or SERVFAIL)", (await lookup.ResolveAsync("nas.test", Stop)).Fault);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value; seen = Volatile.Read(ref most)) Interlocked.CompareExchange(ref most, value, seen);
    }
}
