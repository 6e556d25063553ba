using System.Collections.Frozen;
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
            .ListAsync(row => JsonSerializer.Deserialize(row.GetString(0), ProvisionerDocuments.Default.ProvisionerRecord)! with
            {
                Version = row.GetInt64(1),
                CreatedAt = row.Time(2),
                UpdatedAt = row.Time(3),
            });
        return provisioners.ToFrozenDictionary(p => p.Id, StringComparer.Ordinal);
    }

    public static async ValueTask InsertAsync(StoreSession session, ProvisionerRecord provisioner, DateTimeOffset now)
    {
        await session.Sql("""
                insert into provisioners (id, document, version, created_at, updated_at)
                values (@id, @document, 1, @now, @now)
                """)
            .With("@id", provisioner.Id)
            .With("@document", JsonSerializer.Serialize(provisioner, ProvisionerDocuments.Default.ProvisionerRecord))
            .With("@now", now)
            .ExecuteAsync();
        await Generation.BumpAsync(session);
    }
}

[JsonSerializable(typeof(ProvisionerRecord))]
internal sealed partial class ProvisionerDocuments : JsonSerializerContext;
