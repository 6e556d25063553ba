using System.Collections.Concurrent;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>
/// Accounts as the verifier needs them, kept for as long as the store says that none has changed (<see cref="Generation.Accounts"/>),
/// so that a deactivation or a key change counts at once everywhere. The imported key outlives that while it is the account's:
/// importing costs up to twice what a verification does. Safe for parallel use.
/// </summary>
internal sealed class AccountKeys(IStore store) : IAccountDirectory
{
    private readonly ConcurrentDictionary<string, Kept> accounts = new(StringComparer.Ordinal);

    /// <summary>Bounded: a full one starts anew. An account that is not kept costs one read of a row.</summary>
    internal int MostAccounts { get; init; } = 10_000;

    internal int Count => accounts.Count;

    public async ValueTask<AccountKey?> FindAsync(string accountId, CancellationToken cancellationToken)
    {
        // Before the row: a change that comes between the two leaves what is kept under a number that is over.
        var generation = (await CallGeneration.ReadAsync(store, cancellationToken)).Accounts;
        var known = accounts.GetValueOrDefault(accountId);
        if (known?.Generation == generation) return known.Account;
        var row = await store.ReadOneAsync(session => AccountStore.FindKeyAsync(session, accountId), cancellationToken);
        // Whoever invents ids fills no memory.
        if (row is null) return null;
        var key = known?.Account.Key is { } imported && imported.CanonicalJson == row.KeyJson ? imported : JsonWebKey.FromStored(row.KeyJson);
        var account = new AccountKey(accountId, row.ProvisionerId, row.Status, key) { EabKeyId = row.EabKeyId, PauseMessage = row.PauseMessage };
        if (known is null && accounts.Count >= MostAccounts) accounts.Clear();
        accounts[accountId] = new Kept(account, generation);
        return account;
    }

    private sealed record Kept(AccountKey Account, long Generation);
}
