using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Acme.Challenges;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>Where webhooks may be, and how long deliveries are tried.</summary>
internal sealed record WebhookOptions
{
    /// <summary><c>Webhooks:Ranges</c>: addresses that may be dialled; the tailnet's ranges by default.</summary>
    public ImmutableArray<IPNetwork> Ranges { get; init; } = ValidationOptions.TailnetRanges;

    /// <summary><c>Webhooks:MaxAttempts</c>: how often one delivery is tried; 40 by default.</summary>
    public int MaxAttempts { get; init; } = 40;

    /// <summary><c>Webhooks:MaxAge</c>: how long one delivery is tried; 24 h by default.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromHours(24);

    /// <summary><c>Webhooks:FirstPause</c>: before the second try; twice as long before each further one; 5 s by default.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>Webhooks:LongestPause</c>: between two tries; 1 h by default.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromHours(1);

    /// <summary><c>Webhooks:QueueLimit</c>: deliveries that wait for one webhook; above it the oldest are dropped; 10,000 by default.</summary>
    public int QueueLimit { get; init; } = 10_000;

    /// <summary><c>Webhooks:Concurrency</c>: deliveries to one webhook at a time; 4 by default.</summary>
    public int Concurrency { get; init; } = 4;
}
