using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GrpcCa.ControlPlane.Api;

/// <summary>Places for callers of whom only the address is known: so many in all, and so many for one of them.</summary>
internal sealed class Places(int most, int mostForOne)
{
    // Tailscale gives each device one address of these; elsewhere a host has a whole /64 (RFC 4291 §2.5.1).
    private static readonly IPNetwork tailnet = IPNetwork.Parse("fd7a:115c:a1e0::/48");

    private readonly ConcurrentDictionary<IPAddress, int> byHost = new();
    private int taken;

    /// <summary>How many are taken now.</summary>
    public int Taken => Volatile.Read(ref taken);

    /// <summary>Takes a place, which is given back by disposing of it.</summary>
    /// <param name="address">The caller's.</param>
    /// <param name="isHosts">Why there was none: the caller's own places are all taken, and not those of all.</param>
    public Place? Take(IPAddress address, out bool isHosts)
    {
        var host = HostOf(address);
        isHosts = byHost.AddOrUpdate(host, 1, (_, count) => count + 1) > mostForOne;
        if (isHosts)
        {
            Leave(host);
            return null;
        }
        if (Interlocked.Increment(ref taken) <= most) return new Place(this, host);
        Return(host);
        return null;
    }

    /// <summary>What stands for whoever has the address.</summary>
    public static IPAddress HostOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address) || tailnet.Contains(address)) return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    private void Return(IPAddress host)
    {
        Interlocked.Decrement(ref taken);
        Leave(host);
    }

    // Whoever counts to nought takes the entry away, unless another has come meanwhile.
    private void Leave(IPAddress host)
    {
        if (byHost.AddOrUpdate(host, 0, (_, count) => count - 1) == 0) byHost.TryRemove(KeyValuePair.Create(host, 0));
    }

    /// <summary>A place that is taken until it is disposed of, however often.</summary>
    internal sealed class Place(Places places, IPAddress host) : IDisposable
    {
        private int isBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isBack, 1) == 0) places.Return(host);
        }
    }
}
