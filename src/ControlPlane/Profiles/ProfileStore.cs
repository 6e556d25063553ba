using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Profiles;

/// <summary>Rows of profiles.</summary>
internal static class ProfileStore
{
    public static async ValueTask<FrozenDictionary<string, ProfileRecord>> LoadAsync(StoreSession session)
    {
        var profiles = await session.Sql("select document from profiles order by id")
            .ListAsync(row => JsonSerializer.Deserialize(row.GetString(0), ProfileDocuments.Default.ProfileRecord)!);
        return profiles.ToFrozenDictionary(p => p.Id, StringComparer.Ordinal);
    }

    public static async ValueTask InsertAsync(StoreSession session, ProfileRecord profile)
    {
        await session.Sql("insert into profiles (id, document, version) values (@id, @document, 1)")
            .With("@id", profile.Id)
            .With("@document", JsonSerializer.Serialize(profile, ProfileDocuments.Default.ProfileRecord))
            .ExecuteAsync();
        await Generation.BumpAsync(session);
    }
}

[JsonSerializable(typeof(ProfileRecord))]
internal sealed partial class ProfileDocuments : JsonSerializerContext;
