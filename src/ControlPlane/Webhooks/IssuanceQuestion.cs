using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>What is about to be issued, and to whom: all that webhooks are told before they say yes or no.</summary>
internal sealed record IssuanceQuestion
{
    public required string ProvisionerId { get; init; }

    public required string ProfileId { get; init; }

    public required ImmutableArray<Identifier> Identifiers { get; init; }

    public required PublicKey Key { get; init; }

    /// <summary>The audit's word for who asks: <c>accounts/…</c>, <c>operators/…</c>.</summary>
    public required string Requester { get; init; }

    /// <summary>The request as it came; empty where there is none.</summary>
    public ReadOnlyMemory<byte> CsrDer { get; init; }

    public string? AccountId { get; init; }

    public string? OrderId { get; init; }

    public string? GatewayId { get; init; }

    public string ClientAddress { get; init; } = "";

    /// <summary>The end that was asked for; null for the profile's.</summary>
    public DateTimeOffset? NotAfter { get; init; }
}
