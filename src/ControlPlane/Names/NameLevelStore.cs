using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Names;

/// <summary>Which levels are set. Removing rules never widens what is allowed; only unsetting a level does.</summary>
internal static class NameLevelStore
{
    /// <summary>The level has a say from now on, with or without rules.</summary>
    public static async ValueTask MarkAsync(StoreSession session, string level, DateTimeOffset now) => await session
        .Sql("INSERT INTO name_levels (level, created_at) VALUES (@level, @now) ON CONFLICT (level) DO NOTHING")
        .With("level", level)
        .With("now", now)
        .ExecuteAsync();

    /// <summary>All levels that are set.</summary>
    public static ValueTask<List<string>> MarkedAsync(StoreSession session) =>
        session.Sql("SELECT level FROM name_levels").ListAsync(row => row.GetString(0));

    /// <summary>Removes all rules of the level and its mark; null when it was not set, else how many rules went.</summary>
    public static async ValueTask<int?> UnsetAsync(StoreSession session, string level)
    {
        var rules = await session.Sql("DELETE FROM name_rules WHERE level = @level").With("level", level).ExecuteAsync();
        var marks = await session.Sql("DELETE FROM name_levels WHERE level = @level").With("level", level).ExecuteAsync();
        if (rules + marks == 0) return null;
        await Generation.BumpAsync(session);
        return rules;
    }
}
