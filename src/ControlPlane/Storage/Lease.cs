using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// The right to do alone what only one of several processes should do at a time. It runs out by the clock, so it spares
/// work that is done twice; what must not happen twice needs a compare-and-swap of its own.
/// </summary>
internal sealed class Lease(string name, TimeSpan term)
{
    private readonly string holder = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>Takes the lease or holds it for another term; false while somebody else has it.</summary>
    public async ValueTask<bool> HoldAsync(StoreSession session, DateTimeOffset now) => await session.Sql("""
        INSERT INTO leases (name, holder, expires_at) VALUES (@name, @holder, @expires_at)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
        WHERE leases.holder = excluded.holder OR leases.expires_at <= @now
        """).With("name", name).With("holder", holder).With("expires_at", now + term).With("now", now).ExecuteAsync() == 1;

    /// <summary>Gives the lease back, if it is ours.</summary>
    public async ValueTask<bool> ReleaseAsync(StoreSession session) =>
        await session.Sql("DELETE FROM leases WHERE name = @name AND holder = @holder").With("name", name).With("holder", holder).ExecuteAsync() == 1;
}
