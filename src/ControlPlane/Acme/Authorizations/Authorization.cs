using System.Collections.Immutable;
using System.Text.Json.Serialization;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>
/// An account's proof, or attempt at a proof, that it controls a name (RFC 8555 §7.1.4), with its challenges. Holds
/// facts; the status is derived.
/// </summary>
internal sealed record Authorization
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public required string ProvisionerId { get; init; }

    /// <summary>The name without <c>*.</c>.</summary>
    public required Identifier Identifier { get; init; }

    /// <summary>Whether it is for <c>*.</c> of the name.</summary>
    public bool Wildcard { get; init; }

    public required ImmutableArray<Challenge> Challenges { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>New orders may use it until then; the epoch while it is not valid.</summary>
    public DateTimeOffset ReusableUntil { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>When CAA last allowed the name; null when it was not asked.</summary>
    public DateTimeOffset? CaaCheckedAt { get; init; }

    /// <summary>Made by new-authz, for an order to come (RFC 8555 §7.4.1).</summary>
    public bool BeforeOrder { get; init; }

    /// <summary>By its owner (RFC 8555 §7.5.2).</summary>
    public DateTimeOffset? DeactivatedAt { get; init; }

    /// <summary>For compare-and-swap; the store counts it.</summary>
    [JsonIgnore]
    public long Version { get; init; }

    /// <summary>RFC 8555 §7.1.6, worked out from the facts.</summary>
    public AuthorizationStatus StatusAt(DateTimeOffset now)
    {
        if (DeactivatedAt is not null) return AuthorizationStatus.Deactivated;
        // One failed challenge ends the authorization: there is no way back (Z3).
        if (Challenges.Any(c => c.Status == ChallengeStatus.Invalid)) return AuthorizationStatus.Invalid;
        if (now >= ExpiresAt) return AuthorizationStatus.Expired;
        return Challenges.Any(c => c.Status == ChallengeStatus.Valid) ? AuthorizationStatus.Valid : AuthorizationStatus.Pending;
    }

    /// <summary>
    /// Whether a new order may use it: it is valid, its provisioner lets proofs be used again for so long, and it does
    /// not end before the client can finalize. A proof made before its order counts as long as it is valid.
    /// </summary>
    public bool IsReusableAt(DateTimeOffset now, TimeSpan reuse)
    {
        if (StatusAt(now) != AuthorizationStatus.Valid) return false;
        if (BeforeOrder && ExpiresAt > now + ShortestUse) return true;
        var validatedAt = Challenges.First(c => c.Status == ChallengeStatus.Valid).ValidatedAt!.Value;
        var margin = reuse / 10 < ShortestUse ? reuse / 10 : ShortestUse;
        return validatedAt + reuse > now + margin && ExpiresAt > now + margin;
    }

    // An order that ends with its authorization in a minute is of no use to anybody.
    private static readonly TimeSpan ShortestUse = TimeSpan.FromHours(1);

    /// <summary>The replica that validates a challenge of it now; null when none does.</summary>
    [JsonIgnore]
    public string? ProcessingBy => Challenges.FirstOrDefault(c => c.Status == ChallengeStatus.Processing)?.StartedBy;

    /// <summary>The same with one challenge replaced.</summary>
    public Authorization With(Challenge challenge) =>
        this with { Challenges = Challenges.Replace(Challenges.First(c => c.Id == challenge.Id), challenge) };
}

/// <summary>A way to prove control (RFC 8555 §7.1.5, §8).</summary>
internal sealed record Challenge
{
    public required string Id { get; init; }

    /// <summary>Such as http-01.</summary>
    public required string Type { get; init; }

    /// <summary>128 random bits, base64url (RFC 8555 §8.3).</summary>
    public required string Token { get; init; }

    /// <summary>When the client asked for validation.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The replica that took it on.</summary>
    public string? StartedBy { get; init; }

    public DateTimeOffset? ValidatedAt { get; init; }

    /// <summary>Why the last attempt failed; final.</summary>
    public ChallengeError? Error { get; init; }

    public ImmutableArray<Attempt> Attempts { get; init; } = [];

    [JsonIgnore]
    public ChallengeStatus Status =>
        Error is not null ? ChallengeStatus.Invalid
        : ValidatedAt is not null ? ChallengeStatus.Valid
        : StartedAt is not null ? ChallengeStatus.Processing
        : ChallengeStatus.Pending;
}

/// <summary>A failure in the client's words.</summary>
internal sealed record ChallengeError(RefusalReason Reason, string Detail);

/// <summary>One try, as operators see it.</summary>
internal sealed record Attempt(
    DateTimeOffset StartedAt,
    TimeSpan Duration,
    string Url,
    ImmutableArray<string> AddressesResolved,
    string AddressDialled,
    int HttpStatus,
    long BytesRead,
    string Error);

/// <summary>RFC 8555 §7.1.6.</summary>
internal enum AuthorizationStatus
{
    Pending = 1,
    Valid,
    Invalid,
    Deactivated,
    Expired,
    Revoked,
}

/// <summary>RFC 8555 §7.1.6.</summary>
internal enum ChallengeStatus
{
    Pending = 1,
    Processing,
    Valid,
    Invalid,
}
