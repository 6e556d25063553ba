using System.Collections.Immutable;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>A service of somebody's that is asked or told about certificates.</summary>
internal sealed record WebhookRecord
{
    public required string Id { get; init; }

    /// <summary>Where it listens, https.</summary>
    public string Url { get; init; } = "";

    public ImmutableArray<WebhookEvent> Events { get; init; } = [];

    /// <summary>Ids of the provisioners whose certificates it is about; empty means all certificates.</summary>
    public ImmutableArray<string> ProvisionerIds { get; init; } = [];

    /// <summary>How long one delivery may take, or all tries of one question together.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long before its end a certificate is expiring; never more than a quarter of its life.</summary>
    public TimeSpan ExpiringWithin { get; init; } = TimeSpan.FromDays(7);

    public bool Disabled { get; init; }

    public string Comment { get; init; } = "";

    /// <summary>The roots its certificate must lead to; empty takes the system's and this CA's own.</summary>
    public string CaPem { get; init; } = "";

    public byte[] SealedSecret { get; init; } = [];

    /// <summary>The secret before the last rotation, which signs too until <see cref="PreviousUntil"/>.</summary>
    public byte[]? PreviousSecret { get; init; }

    public DateTimeOffset? PreviousUntil { get; init; }

    public long Version { get; init; } = 1;

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public string Etag => $"v{Version}";

    public string Name => ResourceName.Of(ResourceName.Webhooks, Id);

    /// <summary>Whether it is asked or told now.</summary>
    /// <param name="what">About what.</param>
    /// <param name="provisionerId">Whose certificate it is; null for nobody's, such as a gateway's own.</param>
    public bool Wants(WebhookEvent what, string? provisionerId) =>
        !Disabled && Events.Contains(what)
        && (ProvisionerIds.IsEmpty || (provisionerId is not null && ProvisionerIds.Contains(provisionerId, StringComparer.Ordinal)));

    /// <summary>When a certificate is expiring, for this webhook.</summary>
    public DateTimeOffset ExpiringAt(DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        // Clients renew when a third of the life is left. Who is told before would be told of every certificate.
        var quarter = (notAfter - notBefore) / 4;
        return notAfter - (ExpiringWithin < quarter ? ExpiringWithin : quarter);
    }
}

/// <summary>How a webhook fares.</summary>
/// <param name="Queued">Deliveries that wait.</param>
/// <param name="Delivered">Deliveries that arrived.</param>
/// <param name="GivenUp">Deliveries that were tried too often or for too long.</param>
/// <param name="Dropped">Deliveries that made room in a full queue.</param>
/// <param name="DeliveredAt">When the last one arrived.</param>
/// <param name="FailedAt">When the last call failed.</param>
/// <param name="Failure">Why.</param>
internal sealed record WebhookHealth(
    long Queued, long Delivered, long GivenUp, long Dropped, DateTimeOffset? DeliveredAt, DateTimeOffset? FailedAt, string Failure)
{
    /// <summary>Of one that was never called.</summary>
    public static readonly WebhookHealth None = new(0, 0, 0, 0, null, null, "");
}

/// <summary>A webhook and how it fares.</summary>
internal sealed record WebhookView(WebhookRecord Webhook, WebhookHealth Health);
