using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>Tokens that were used, until they would be refused as expired; hashes alone.</summary>
internal static class UsedTokenStore
{
    /// <summary>Uses it up, in the transaction of what it is used for.</summary>
    /// <exception cref="RefusalException">Unauthenticated: it was used before.</exception>
    public static async ValueTask UseAsync(StoreSession session, TokenUse use)
    {
        var rows = await session.Sql("insert into used_tokens (id, expires_at) values (@id, @expires) on conflict (id) do nothing")
            .With("@id", use.Id).With("@expires", use.Until).ExecuteAsync();
        if (rows != 1) throw CompactJws.Refused("was used before; each is good once");
    }

    /// <summary>Whether it was used; for a dry run.</summary>
    public static async ValueTask<bool> HasAsync(StoreSession session, TokenUse use) =>
        await session.Sql("select count(*) from used_tokens where id = @id").With("@id", use.Id).NumberAsync() > 0;

    public static ValueTask<int> SweepAsync(StoreSession session, DateTimeOffset now, int limit) => session.Sql("""
        delete from used_tokens where id in (select id from used_tokens where expires_at <= @now order by expires_at limit @limit)
        """).With("@now", now).With("@limit", limit).ExecuteAsync();
}
