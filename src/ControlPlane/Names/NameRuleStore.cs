using System.Collections.Immutable;
using System.Data.Common;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Names;

/// <summary>Where a page of rules begins: behind the rule with this level, effect and pattern.</summary>
internal sealed record NameRuleCursor(string Level, NameRuleEffect Effect, string Pattern)
{
    public static NameRuleCursor After(NameRule rule) => new(rule.Level, rule.Effect, rule.Pattern.ToString());
}

/// <summary>Name rules in the store. Every change raises the configuration's generation, so that all processes see it.</summary>
internal static class NameRuleStore
{
    private const string Columns = "id, level, effect, pattern, comment, expires_at, creator, created_at";

    /// <summary>Adds a rule; its level is set from then on.</summary>
    /// <exception cref="RefusalException">AlreadyExists: the level has a rule of this effect and pattern.</exception>
    public static async ValueTask InsertAsync(StoreSession session, NameRule rule)
    {
        var inserted = await session.Sql($"""
            INSERT INTO name_rules ({Columns})
            VALUES (@id, @level, @effect, @pattern, @comment, @expires_at, @creator, @created_at)
            ON CONFLICT (level, effect, pattern) DO NOTHING
            """)
            .With("id", rule.Id)
            .With("level", rule.Level)
            .With("effect", (long)rule.Effect)
            .With("pattern", rule.Pattern.ToString())
            .With("comment", rule.Comment)
            .With("expires_at", rule.ExpiresAt)
            .With("creator", rule.Creator)
            .With("created_at", rule.CreatedAt)
            .ExecuteAsync();
        if (inserted != 1) throw await SameRuleAsync(session, rule);
        await NameLevelStore.MarkAsync(session, rule.Level, rule.CreatedAt);
        await Generation.BumpAsync(session);
    }

    public static ValueTask<NameRule?> FindAsync(StoreSession session, string id) =>
        session.Sql($"SELECT {Columns} FROM name_rules WHERE id = @id").With("id", id).FirstAsync(Read);

    /// <summary>A page by level, effect and pattern; null filters take all.</summary>
    public static ValueTask<List<NameRule>> ListAsync(
        StoreSession session, int limit, string? level = null, string? pattern = null, NameRuleCursor? after = null) =>
        session.Sql($"""
            SELECT {Columns} FROM name_rules
            WHERE (@level = '' OR level = @level) AND (@pattern = '' OR pattern = @pattern)
              AND (level, effect, pattern) > (@after_level, @after_effect, @after_pattern)
            ORDER BY level, effect, pattern, id
            LIMIT @limit
            """)
            .With("level", level ?? "")
            .With("pattern", pattern ?? "")
            .With("after_level", after?.Level ?? "")
            .With("after_effect", after is null ? 0L : (long)after.Effect)
            .With("after_pattern", after?.Pattern ?? "")
            .With("limit", (long)limit)
            .ListAsync(Read);

    /// <summary>Every rule, for the snapshot that decisions are made with.</summary>
    public static async ValueTask<ImmutableArray<NameRule>> AllAsync(StoreSession session)
    {
        const int page = 1000;
        var rules = ImmutableArray.CreateBuilder<NameRule>();
        NameRuleCursor? after = null;
        List<NameRule> read;
        do
        {
            read = await ListAsync(session, page, after: after);
            rules.AddRange(read);
            if (read.Count > 0) after = NameRuleCursor.After(read[^1]);
        }
        while (read.Count == page);
        return rules.ToImmutable();
    }

    /// <summary>Removes a rule; false when there is none of this id.</summary>
    public static async ValueTask<bool> DeleteAsync(StoreSession session, string id)
    {
        var deleted = await session.Sql("DELETE FROM name_rules WHERE id = @id").With("id", id).ExecuteAsync();
        if (deleted == 0) return false;
        await Generation.BumpAsync(session);
        return true;
    }

    /// <summary>
    /// Makes the level's lasting allow rules these patterns, keeping the rules that stay; deny rules are left alone.
    /// Returns whether anything changed.
    /// </summary>
    public static async ValueTask<bool> ReplaceAllowAsync(
        StoreSession session, string level, IEnumerable<NameRulePattern> patterns, string creator, DateTimeOffset now)
    {
        var missing = new Dictionary<string, NameRulePattern>(StringComparer.Ordinal);
        foreach (var pattern in patterns) missing[pattern.ToString()] = pattern;
        var changed = false;
        foreach (var rule in await AllAsync(session))
        {
            if (rule.Level != level || rule.Effect != NameRuleEffect.Allow) continue;
            if (rule.ExpiresAt is null && missing.Remove(rule.Pattern.ToString())) continue;
            changed |= await DeleteAsync(session, rule.Id);
        }
        foreach (var pattern in missing.Values)
        {
            await InsertAsync(session, NameRule.Create(level, NameRuleEffect.Allow, pattern, creator, now));
            changed = true;
        }
        return changed;
    }

    private static async ValueTask<RefusalException> SameRuleAsync(StoreSession session, NameRule rule)
    {
        var same = await session.Sql($"SELECT {Columns} FROM name_rules WHERE level = @level AND effect = @effect AND pattern = @pattern")
            .With("level", rule.Level)
            .With("effect", (long)rule.Effect)
            .With("pattern", rule.Pattern.ToString())
            .FirstAsync(Read);
        var expiry = same?.ExpiresAt is { } end ? $", which expires at {end:u}" : "";
        return new RefusalException(RefusalReason.AlreadyExists, $"the rule {rule} exists as nameRules/{same?.Id}{expiry}") { Field = "pattern" };
    }

    private static NameRule Read(DbDataReader row) => new()
    {
        Id = row.GetString(0),
        Level = row.GetString(1),
        Effect = (NameRuleEffect)row.GetInt64(2),
        Pattern = NameRulePattern.Parse(row.GetString(3)),
        Comment = row.GetString(4),
        ExpiresAt = row.OptionalTime(5),
        Creator = row.GetString(6),
        CreatedAt = row.Time(7),
    };
}
