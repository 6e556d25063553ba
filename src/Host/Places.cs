using System.Collections.Concurrent;
using System.Net;

namespace GrpcCa.Host;

/// <summary>Places for callers of whom only the address is known: so many in all, and so many for one of them.</summary>
internal sealed class Places(int most, int mostForOne)
{
    private readonly ConcurrentDictionary<string, int> byHost = new(StringComparer.Ordinal);
    private int taken;

    /// <summary>How many are taken now.</summary>
    public int Taken => Volatile.Read(ref taken);

    /// <summary>Takes a place, which is given back by disposing of it.</summary>
    /// <param name="address">The caller's.</param>
    /// <param name="isHosts">Why there was none: the caller's own places are all taken, and not those of all.</param>
    public Place? Take(IPAddress address, out bool isHosts)
    {
        var host = ClientNetwork.Of(address);
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

    private void Return(string host)
    {
        Interlocked.Decrement(ref taken);
        Leave(host);
    }

    // Whoever counts to nought takes the entry away, unless another has come meanwhile.
    private void Leave(string host)
    {
        if (byHost.AddOrUpdate(host, 0, (_, count) => count - 1) == 0) byHost.TryRemove(KeyValuePair.Create(host, 0));
    }

    /// <summary>A place that is taken until it is disposed of, however often.</summary>
    internal sealed class Place(Places places, string host) : IDisposable
    {
        private int isBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isBack, 1) == 0) places.Return(host);
        }
    }
}
