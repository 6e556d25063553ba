using System.Collections.Frozen;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Profiles;

/// <summary>Rows of profiles.</summary>
internal static class ProfileStore
{
    public static async ValueTask<FrozenDictionary<string, ProfileRecord>> LoadAsync(StoreSession session)
    {
        var profiles = await session.Sql("select document, version from profiles order by id").ListAsync(Read);
        return profiles.ToFrozenDictionary(p => p.Id, StringComparer.Ordinal);
    }

    public static async ValueTask InsertAsync(StoreSession session, ProfileRecord profile)
    {
        await session.Sql("insert into profiles (id, document, version) values (@id, @document, 1)")
            .With("@id", profile.Id)
            .With("@document", Write(profile))
            .ExecuteAsync();
        await Generation.BumpAsync(session);
    }

    public static ValueTask<ProfileRecord?> FindAsync(StoreSession session, string id) => session
        .Sql("select document, version from profiles where id = @id")
        .With("@id", id)
        .FirstAsync(Read);

    /// <summary>Replaces the row of the same version.</summary>
    public static async ValueTask ReplaceAsync(StoreSession session, ProfileRecord next)
    {
        var changed = await session.Sql("update profiles set document = @document, version = version + 1 where id = @id and version = @version")
            .With("@document", Write(next))
            .With("@id", next.Id)
            .With("@version", next.Version)
            .ExecuteAsync();
        if (changed != 1) throw new InvalidOperationException($"{next.Name} changed within its own transaction");
        await Generation.BumpAsync(session);
    }

    public static async ValueTask DeleteAsync(StoreSession session, string id)
    {
        await session.Sql("delete from profiles where id = @id").With("@id", id).ExecuteAsync();
        await Generation.BumpAsync(session);
    }

    /// <summary>The document as it is stored.</summary>
    public static string Write(ProfileRecord profile) => JsonSerializer.Serialize(profile, ProfileDocuments.Default.ProfileRecord);

    private static ProfileRecord Read(DbDataReader row) =>
        JsonSerializer.Deserialize(row.GetString(0), ProfileDocuments.Default.ProfileRecord)! with { Version = row.GetInt64(1) };
}

[JsonSerializable(typeof(ProfileRecord))]
internal sealed partial class ProfileDocuments : JsonSerializerContext;
