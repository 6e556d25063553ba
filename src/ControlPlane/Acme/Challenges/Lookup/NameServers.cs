using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;

namespace GrpcCa.ControlPlane.Acme.Challenges.Lookup;

/// <summary>The clients of DNS servers, one for each list of servers that some provisioner names.</summary>
internal sealed class NameServers(ValidationOptions options)
{
    // Lists come from the configuration; only edits at run time make more of them.
    private const int Most = 64;

    private readonly ConcurrentDictionary<string, NameServerClient> clients = new(StringComparer.Ordinal);

    /// <summary>The client of these servers; of the system's (/etc/resolv.conf, read each time) when there are none.</summary>
    public NameServerClient For(ImmutableArray<IPEndPoint> servers)
    {
        var asked = servers.IsDefaultOrEmpty ? ResolverFile.Current() : servers;
        var key = string.Join(' ', asked);
        if (clients.Count >= Most) clients.Clear();
        return clients.GetOrAdd(key, static (_, list) => new NameServerClient(list.Servers, list.Within), (Servers: asked, Within: options.ResolveTimeout));
    }
}
