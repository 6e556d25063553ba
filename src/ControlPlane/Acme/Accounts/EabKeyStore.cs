using System.Data.Common;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>Rows of keys for external account binding.</summary>
internal static class EabKeyStore
{
    private const string Columns = "id, provisioner_id, comment, sealed_mac_key, max_uses, uses, disabled, expires_at, created_at";

    public static ValueTask<EabKey?> FindAsync(StoreSession session, string id) => session
        .Sql($"select {Columns} from eab_keys where id = @id")
        .With("@id", id)
        .FirstAsync(Read);

    /// <summary>A page by id; null filters take all.</summary>
    public static ValueTask<List<EabKey>> ListAsync(StoreSession session, string afterId, int limit, string? provisionerId = null, bool? disabled = null) => session
        .Sql($"""
            select {Columns} from eab_keys
            where id > @after_id and (@provisioner_id = '' or provisioner_id = @provisioner_id) and (@disabled < 0 or disabled = @disabled)
            order by id limit @limit
            """)
        .With("@after_id", afterId)
        .With("@provisioner_id", provisionerId ?? "")
        .With("@disabled", disabled is { } wanted ? wanted ? 1L : 0L : -1L)
        .With("@limit", limit)
        .ListAsync(Read);

    /// <summary>Zero rows when the id is taken.</summary>
    public static ValueTask<int> InsertAsync(StoreSession session, EabKey key) => session
        .Sql($"""
            insert into eab_keys ({Columns})
            values (@id, @provisioner_id, @comment, @sealed_mac_key, @max_uses, 0, 0, @expires_at, @created_at)
            on conflict (id) do nothing
            """)
        .With("@id", key.Id)
        .With("@provisioner_id", key.ProvisionerId)
        .With("@comment", key.Comment)
        .With("@sealed_mac_key", key.SealedMacKey)
        .With("@max_uses", key.MaxUses)
        .With("@expires_at", key.ExpiresAt)
        .With("@created_at", key.CreatedAt)
        .ExecuteAsync();

    /// <summary>Counts one account; zero rows when the key binds none any more. Exactly one of many wins the last use.</summary>
    public static ValueTask<int> UseAsync(StoreSession session, string id, DateTimeOffset now) => session
        .Sql("""
            update eab_keys set uses = uses + 1
            where id = @id and disabled = 0 and (max_uses = -1 or uses < max_uses) and (expires_at is null or expires_at > @now)
            """)
        .With("@id", id)
        .With("@now", now)
        .ExecuteAsync();

    public static ValueTask<int> UpdateAsync(StoreSession session, EabKey key) => session
        .Sql("update eab_keys set comment = @comment, max_uses = @max_uses, expires_at = @expires_at where id = @id")
        .With("@comment", key.Comment)
        .With("@max_uses", key.MaxUses)
        .With("@expires_at", key.ExpiresAt)
        .With("@id", key.Id)
        .ExecuteAsync();

    public static ValueTask<int> DeleteAsync(StoreSession session, string id) => session
        .Sql("delete from eab_keys where id = @id")
        .With("@id", id)
        .ExecuteAsync();

    public static ValueTask<int> DisableAsync(StoreSession session, string id) => session
        .Sql("update eab_keys set disabled = 1 where id = @id")
        .With("@id", id)
        .ExecuteAsync();

    private static EabKey Read(DbDataReader row) => new()
    {
        Id = row.GetString(0),
        ProvisionerId = row.GetString(1),
        Comment = row.GetString(2),
        SealedMacKey = row.Bytes(3),
        MaxUses = (int)row.GetInt64(4),
        Uses = (int)row.GetInt64(5),
        Disabled = row.Truth(6),
        ExpiresAt = row.OptionalTime(7),
        CreatedAt = row.Time(8),
    };
}
