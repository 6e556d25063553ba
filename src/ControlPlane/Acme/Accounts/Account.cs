using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Jws;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>An ACME account (RFC 8555 §7.1.2): a key of one provisioner.</summary>
internal sealed record Account
{
    public required string Id { get; init; }

    public required string ProvisionerId { get; init; }

    public required JsonWebKey Key { get; init; }

    public AccountStatus Status { get; init; } = AccountStatus.Valid;

    /// <summary>mailto: URLs, at most ten.</summary>
    public ImmutableArray<string> Contacts { get; init; } = [];

    public bool TermsAgreed { get; init; }

    /// <summary>The EAB key it was bound by; its name rules hold for the account for ever.</summary>
    public string? EabKeyId { get; init; }

    /// <summary>The verified binding as it came, JSON; echoed to its owner.</summary>
    public string? Binding { get; init; }

    /// <summary>What its client is told while it may not ask for certificates; null while it may.</summary>
    public string? PauseMessage { get; init; }

    public DateTimeOffset? PausedAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>For compare-and-swap; the store counts it.</summary>
    public long Version { get; init; }

    public string Name => Protocol.ResourceName.Of(Protocol.ResourceName.Accounts, Id);
}
