using System.Collections.Concurrent;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>
/// Accounts as the verifier needs them. The imported key is cached, since importing costs three times a verification;
/// status and key text are read at every request, so that a deactivation or a key change counts at once everywhere.
/// </summary>
internal sealed class AccountKeys(IStore store) : IAccountDirectory
{
    // Keys by their canonical text: a changed key misses the cache by itself. Bounded: a full cache starts anew.
    private const int MostKeys = 10_000;
    private readonly ConcurrentDictionary<string, JsonWebKey> keys = new(StringComparer.Ordinal);

    public async ValueTask<AccountKey?> FindAsync(string accountId, CancellationToken cancellationToken)
    {
        var row = await store.ReadOneAsync(session => AccountStore.FindKeyAsync(session, accountId), cancellationToken);
        return row is null ? null : new AccountKey(accountId, row.ProvisionerId, row.Status, Key(row.KeyJson)) { EabKeyId = row.EabKeyId, PauseMessage = row.PauseMessage };
    }

    private JsonWebKey Key(string json)
    {
        if (keys.TryGetValue(json, out var key)) return key;
        if (keys.Count >= MostKeys) keys.Clear();
        return keys.GetOrAdd(json, JsonWebKey.FromStored);
    }
}
