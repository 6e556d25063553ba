using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>The addresses of a name, or the sentence that says why there are none.</summary>
internal sealed record Resolution(ImmutableArray<IPAddress> Addresses, string? Fault)
{
    public static Resolution Failed(string fault) => new([], fault);
}

/// <summary>Finds the addresses of the names that validation dials, afresh each time.</summary>
internal sealed class ValidationResolver(NameServers servers, ValidationOptions options, TimeProvider time)
{
    private static readonly Resolution Loopback = new([IPAddress.IPv6Loopback, IPAddress.Loopback], null);

    private readonly SystemLookup system = new(options.SystemLookups, Dns.GetHostAddresses);

    /// <summary>A failed look-up is a resolution with a fault; only the caller's cancellation throws.</summary>
    /// <param name="name">A full name, or a single label of this network.</param>
    /// <param name="resolvers">The servers to ask; none asks the system's resolver.</param>
    /// <param name="cancellationToken">The attempt's.</param>
    public async Task<Resolution> ResolveAsync(string name, ImmutableArray<IPEndPoint> resolvers, CancellationToken cancellationToken)
    {
        // RFC 6761 §6.3: localhost is loopback and never asked of a server. The guard decides whether it is dialled.
        if (name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal)) return Loopback;
        using var bound = new CancellationTokenSource(options.ResolveTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            return resolvers.IsDefaultOrEmpty
                ? await system.ResolveAsync(name, either.Token)
                : await ServerLookup.ResolveAsync(servers.For(resolvers), name, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Resolution.Failed($"DNS gave no answer for {name} within {options.ResolveTimeout.TotalSeconds:0.#} s");
        }
    }
}
