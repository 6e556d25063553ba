using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Provisioners;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>How challenges are validated; a provisioner may narrow or move ports and ranges.</summary>
internal sealed record ValidationOptions
{
    /// <summary>Where tailnets live: Tailscale's and headscale's ranges.</summary>
    public static readonly ImmutableArray<IPNetwork> TailnetRanges = [IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("fd7a:115c:a1e0::/48")];

    /// <summary>Port for http-01 and http redirects; 80 by default.</summary>
    public int Http01Port { get; init; } = 80;

    /// <summary>Port for tls-alpn-01 and https redirects; 443 by default.</summary>
    public int TlsAlpn01Port { get; init; } = 443;

    /// <summary>Addresses that may be dialled; the tailnet's ranges by default.</summary>
    public ImmutableArray<IPNetwork> Ranges { get; init; } = TailnetRanges;

    /// <summary>DNS servers to ask, one after the other; none by default, which asks the system's resolver.</summary>
    public ImmutableArray<IPEndPoint> Resolver { get; init; } = [];

    /// <summary>How long the look-up of one name may take, all tries included; 5 s by default.</summary>
    public TimeSpan ResolveTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many names the system's resolver is asked for at once, each on a thread of its own, also by webhooks and OIDC; 64 by default.</summary>
    public int SystemLookups { get; init; } = 64;

    /// <summary>How long one connection may take to open, so that a dead IPv6 route leaves time for IPv4; 3 s by default.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The whole attempt, redirects included; 10 s by default.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest body, in bytes; a longer one fails the challenge. 64 KiB, by default and at most.</summary>
    public int MaxBody { get; init; } = 64 * 1024;

    /// <summary>How many redirects are followed; 10 by default and at most, 0 follows none.</summary>
    public int MaxRedirects { get; init; } = 10;

    /// <summary>How often one challenge is tried, the first time included; 3 by default.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>The pause before the second attempt, three times as long before the next; 1 s by default.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>All attempts and pauses together; 30 s by default.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The bounds of a provisioner: its own ports, ranges, resolvers and time where it has some, else these.</summary>
    public ValidationBounds BoundsFor(ProvisionerRecord? provisioner) => new(
        provisioner?.Http01Port ?? Http01Port,
        provisioner?.TlsAlpn01Port ?? TlsAlpn01Port,
        provisioner is { Ranges.IsEmpty: false } ? [.. provisioner.Ranges.Select(range => IPNetwork.Parse(range))] : Ranges,
        provisioner?.AttemptTimeout ?? AttemptTimeout)
    {
        Resolvers = provisioner is { Resolvers.IsEmpty: false } ? [.. provisioner.Resolvers.Select(IPEndPoint.Parse)] : Resolver,
    };
}
