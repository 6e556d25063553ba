using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>An issued certificate for names and the story of who asked for it.</summary>
internal sealed record CertificateRecord
{
    public required SerialNumber Serial { get; init; }

    public required byte[] Der { get; init; }

    /// <summary><c>authorities/{id}/issuers/{id}</c>.</summary>
    public required string Issuer { get; init; }

    public string? ProvisionerId { get; init; }

    public string? AccountId { get; init; }

    public string? OrderId { get; init; }

    public string? ProfileId { get; init; }

    /// <summary>Through which gateway the request came, or whose own certificate it is.</summary>
    public string? GatewayId { get; init; }

    public required ImmutableArray<Identifier> Identifiers { get; init; }

    public required string KeyType { get; init; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo.</summary>
    public required byte[] KeySha256 { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>The last second.</summary>
    public required DateTimeOffset NotAfter { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    public RevocationReason? RevocationReason { get; init; }

    /// <summary>Since when it could not be trusted; null when nobody knows.</summary>
    public DateTimeOffset? InvalidSince { get; init; }

    /// <summary>Who first asked, when it was not an ACME account: <c>operators/{id}</c>, <c>provisioners/{id}/token/…</c>; the audit's word.</summary>
    public string? Requester { get; init; }

    /// <summary>The provisioner of the kind renewal that renewed it; it belongs to the one that it first came from.</summary>
    public string? RenewedThrough { get; init; }

    /// <summary>The certificate that it renews by possession of its key.</summary>
    public SerialNumber? Renews { get; init; }

    public string Name => Protocol.ResourceName.Of(Protocol.ResourceName.Certificates, Serial.Hex);
}

/// <summary>The signed requests that led to a certificate: who asked is proven, not claimed.</summary>
internal sealed record CertificateEvidence(byte[]? NewOrder, byte[]? Finalize);
