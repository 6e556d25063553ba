using System.Collections.Immutable;
using System.Text.Json.Serialization;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>What an account wants a certificate for (RFC 8555 §7.1.3). Holds facts; the status is derived.</summary>
internal sealed record Order
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public required string ProvisionerId { get; init; }

    /// <summary>Through which gateway it came.</summary>
    public required string GatewayId { get; init; }

    public required ImmutableArray<Identifier> Identifiers { get; init; }

    public required ImmutableArray<string> AuthorizationIds { get; init; }

    public required string ProfileId { get; init; }

    /// <summary>The profile the client named; null when it named none.</summary>
    public string? ProfileWanted { get; init; }

    /// <summary>The certificate that this one replaces, as the client wrote its id (RFC 9773 §5).</summary>
    public string? Replaces { get; init; }

    /// <summary>The start of validity the client asked for.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The end of validity the client asked for.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Set when finalize failed for good.</summary>
    public OrderError? Error { get; init; }

    /// <summary>The serial of the plan that is being carried out.</summary>
    [JsonIgnore]
    public string? PlannedSerial { get; init; }

    /// <summary>The serial of the certificate.</summary>
    [JsonIgnore]
    public string? CertificateSerial { get; init; }

    /// <summary>The signed new-order request; moves to the certificate.</summary>
    [JsonIgnore]
    public byte[] Evidence { get; init; } = [];

    /// <summary>For compare-and-swap; the store counts it.</summary>
    [JsonIgnore]
    public long Version { get; init; }

    [JsonIgnore]
    public string Name => Protocol.ResourceName.Of(Protocol.ResourceName.Orders, Id);

    /// <summary>RFC 8555 §7.1.6, worked out from the facts of the order and its authorizations.</summary>
    public OrderStatus StatusAt(IReadOnlyList<Authorization> authorizations, DateTimeOffset now)
    {
        if (CertificateSerial is not null) return OrderStatus.Valid;
        if (Error is not null) return OrderStatus.Invalid;
        if (PlannedSerial is not null) return OrderStatus.Processing;
        // A swept authorization had expired, and all() of nothing is not ready.
        if (now >= ExpiresAt || authorizations.Count < AuthorizationIds.Length || authorizations.Count == 0) return OrderStatus.Invalid;
        var states = authorizations.Select(a => a.StatusAt(now)).ToList();
        if (states.TrueForAll(s => s == AuthorizationStatus.Valid)) return OrderStatus.Ready;
        return states.TrueForAll(s => s is AuthorizationStatus.Valid or AuthorizationStatus.Pending) ? OrderStatus.Pending : OrderStatus.Invalid;
    }

    /// <summary>Why the order is invalid: its own error, or the first failed challenge's.</summary>
    public OrderError? ErrorAt(IReadOnlyList<Authorization> authorizations, DateTimeOffset now)
    {
        if (Error is not null) return Error;
        if (StatusAt(authorizations, now) != OrderStatus.Invalid) return null;
        foreach (var authorization in authorizations)
            if (authorization.Challenges.FirstOrDefault(c => c.Error is not null) is { } failed)
                return new OrderError(failed.Error!.Reason, $"{authorization.Identifier}: {failed.Error.Detail}", authorization.Identifier);
        if (authorizations.FirstOrDefault(a => a.StatusAt(now) == AuthorizationStatus.Deactivated) is { } deactivated)
            return new OrderError(RefusalReason.Unauthorized, $"the authorization of {deactivated.Identifier} was deactivated", deactivated.Identifier);
        return new OrderError(RefusalReason.Malformed, $"the order expired at {ExpiresAt:yyyy-MM-ddTHH:mm:ssZ}", null);
    }
}

/// <summary>Why an order is invalid, in the client's words.</summary>
internal sealed record OrderError(RefusalReason Reason, string Detail, Identifier? Identifier);

/// <summary>An order with its authorizations, read at one moment.</summary>
internal sealed record OrderView(Order Order, IReadOnlyList<Authorization> Authorizations, DateTimeOffset Now)
{
    public OrderStatus Status => Order.StatusAt(Authorizations, Now);

    public OrderError? Error => Order.ErrorAt(Authorizations, Now);
}

/// <summary>RFC 8555 §7.1.6.</summary>
internal enum OrderStatus
{
    Pending = 1,
    Ready,
    Processing,
    Valid,
    Invalid,
}
