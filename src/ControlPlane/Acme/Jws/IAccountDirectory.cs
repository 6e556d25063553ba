namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>
/// Finds the key that must have signed a request. The answer may be remembered, but never beyond a change of the
/// account's key or status; the key objects are reused, because importing one costs up to twice what a verification does.
/// </summary>
internal interface IAccountDirectory
{
    /// <summary>The account, or null when there is none of that id.</summary>
    ValueTask<AccountKey?> FindAsync(string accountId, CancellationToken ct);
}

/// <summary>An account as far as signatures go.</summary>
internal sealed record AccountKey(string AccountId, string ProvisionerId, AccountStatus Status, JsonWebKey Key)
{
    /// <summary>The EAB key the account was bound by, whose name rules hold for it; null without a binding.</summary>
    public string? EabKeyId { get; init; }

    /// <summary>What an operator tells its client while it may not ask for certificates; null while it may.</summary>
    public string? PauseMessage { get; init; }
}

/// <summary>RFC 8555 §7.1.6.</summary>
internal enum AccountStatus
{
    Valid = 1,
    Deactivated,
    Revoked,
}
