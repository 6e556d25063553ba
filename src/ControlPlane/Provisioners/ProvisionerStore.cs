using System.Collections.Frozen;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>Rows of provisioners.</summary>
internal static class ProvisionerStore
{
    public static async ValueTask<FrozenDictionary<string, ProvisionerRecord>> LoadAsync(StoreSession session)
    {
        var provisioners = await session.Sql("select document, version, created_at, updated_at from provisioners order by id")
            .ListAsync(Read);
        return provisioners.ToFrozenDictionary(p => p.Id, StringComparer.Ordinal);
    }

    public static async ValueTask InsertAsync(StoreSession session, ProvisionerRecord provisioner, DateTimeOffset now)
    {
        await session.Sql("""
                insert into provisioners (id, document, version, created_at, updated_at)
                values (@id, @document, 1, @now, @now)
                """)
            .With("@id", provisioner.Id)
            .With("@document", Write(provisioner))
            .With("@now", now)
            .ExecuteAsync();
        await Generation.BumpAsync(session);
    }

    public static ValueTask<ProvisionerRecord?> FindAsync(StoreSession session, string id) => session
        .Sql("select document, version, created_at, updated_at from provisioners where id = @id")
        .With("@id", id)
        .FirstAsync(Read);

    /// <summary>Replaces the row of the same version.</summary>
    public static async ValueTask ReplaceAsync(StoreSession session, ProvisionerRecord next, DateTimeOffset now)
    {
        var changed = await session.Sql("""
                update provisioners set document = @document, version = version + 1, updated_at = @now
                where id = @id and version = @version
                """)
            .With("@document", Write(next))
            .With("@now", now)
            .With("@id", next.Id)
            .With("@version", next.Version)
            .ExecuteAsync();
        if (changed != 1) throw new InvalidOperationException($"{next.Name} changed within its own transaction");
        await Generation.BumpAsync(session);
    }

    public static async ValueTask DeleteAsync(StoreSession session, string id)
    {
        await session.Sql("delete from provisioners where id = @id").With("@id", id).ExecuteAsync();
        await Generation.BumpAsync(session);
    }

    /// <summary>Ends what belongs to a provisioner that goes, so that one made later under its id inherits nothing: accounts are revoked, EAB keys disabled.</summary>
    public static async ValueTask<(int Accounts, int EabKeys)> RevokeClientsAsync(StoreSession session, string id)
    {
        var accounts = await session
            .Sql("update accounts set status = @revoked, version = version + 1 where provisioner_id = @id and status = @valid")
            .With("@revoked", "Revoked")
            .With("@valid", "Valid")
            .With("@id", id)
            .ExecuteAsync();
        var keys = await session.Sql("update eab_keys set disabled = 1 where provisioner_id = @id and disabled = 0").With("@id", id).ExecuteAsync();
        return (accounts, keys);
    }

    /// <summary>Certificates of the provisioner that somebody may be using.</summary>
    public static ValueTask<long> CountLiveCertificatesAsync(StoreSession session, string id, DateTimeOffset now) => session
        .Sql("select count(*) from certificates where not_after >= @now and provisioner_id = @id and revoked_at is null")
        .With("@now", now)
        .With("@id", id)
        .NumberAsync();

    /// <summary>The document as it is stored.</summary>
    public static string Write(ProvisionerRecord provisioner) => JsonSerializer.Serialize(provisioner, ProvisionerDocuments.Default.ProvisionerRecord);

    private static ProvisionerRecord Read(DbDataReader row) =>
        JsonSerializer.Deserialize(row.GetString(0), ProvisionerDocuments.Default.ProvisionerRecord)! with
        {
            Version = row.GetInt64(1),
            CreatedAt = row.Time(2),
            UpdatedAt = row.Time(3),
        };
}

[JsonSerializable(typeof(ProvisionerRecord))]
internal sealed partial class ProvisionerDocuments : JsonSerializerContext;
