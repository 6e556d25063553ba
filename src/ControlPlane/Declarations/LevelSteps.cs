using System.Collections.Immutable;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Declarations;

/// <summary>Levels of name rules of a document: a declared one has exactly the declared rules. Rules that have expired are left to be.</summary>
internal sealed class LevelSteps(StateRun run, IStore store)
{
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    public async ValueTask PutAsync(ImmutableArray<Declared<DesiredLevel>> declared)
    {
        if (declared.IsEmpty) return;
        var all = await NameRuleStore.AllAsync(run.Session);
        var marked = (await NameLevelStore.MarkedAsync(run.Session)).ToHashSet(StringComparer.Ordinal);
        foreach (var (path, wanted) in declared)
            if (!run.IsRepeated(seen, wanted.Level, path))
                await run.TryAsync(path, "level", () => PutAsync(path, wanted, [.. all.Where(r => r.Level == wanted.Level && r.IsLive(run.Now))], marked.Contains(wanted.Level)));
    }

    public async ValueTask PruneAsync(ImmutableArray<Declared<DesiredLevel>> declared)
    {
        var kept = declared.Select(d => d.Value.Level).ToHashSet(StringComparer.Ordinal);
        foreach (var level in (await NameRuleStore.AllAsync(run.Session)).GroupBy(r => r.Level, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            // The other levels belong to what clients and operators make at run time.
            if (kept.Contains(level.Key) || !(IsOf(level.Key, ResourceName.Authorities) || IsOf(level.Key, ResourceName.Provisioners))) continue;
            foreach (var rule in level) await DeleteAsync(rule);
            if (IsOf(level.Key, ResourceName.Authorities)) await NameLevelStore.UnsetAsync(run.Session, level.Key);
            run.Changed(DeclaredCollection.NameLevels, level.Key, AppliedAction.Delete, level.ToImmutableArray(), null);
        }
    }

    private async ValueTask PutAsync(string path, DesiredLevel wanted, ImmutableArray<NameRule> old, bool isSet)
    {
        if (!await NamedLevel.ExistsAsync(run.Session, wanted.Level))
        {
            run.Faulty($"{path}.level", NamedLevel.Missing(wanted.Level).Detail);
            return;
        }
        var missing = new List<(DesiredRule Rule, int Place)>();
        var gone = old.ToList();
        foreach (var (place, rule) in wanted.Rules.Index())
            if (gone.FindIndex(r => Same(r, rule)) is var at and >= 0) gone.RemoveAt(at);
            else missing.Add((rule, place));
        if (missing.Count == 0 && gone.Count == 0 && (isSet || !wanted.Rules.IsEmpty))
        {
            run.Unchanged();
            return;
        }
        foreach (var rule in gone) await DeleteAsync(rule);
        foreach (var (rule, place) in missing) await run.TryAsync($"{path}.rules[{place}]", "name_rule", () => InsertAsync(wanted.Level, rule));
        await NameLevelStore.MarkAsync(run.Session, wanted.Level, run.Now);
        await Generation.BumpAsync(run.Session);
        var after = (await NameRuleStore.AllAsync(run.Session)).Where(r => r.Level == wanted.Level && r.IsLive(run.Now)).ToImmutableArray();
        run.Changed(DeclaredCollection.NameLevels, wanted.Level, isSet || old.Length > 0 ? AppliedAction.Update : AppliedAction.Create, old, after);
    }

    private Task<bool> DeleteAsync(NameRule rule) => store.ActAsync(async session =>
        new Acted<bool>(await NameRuleStore.DeleteAsync(session, rule.Id), NameRuleAudit.Deleted(rule, run.Actor, run.Now)), CancellationToken.None);

    private async ValueTask InsertAsync(string level, DesiredRule wanted)
    {
        var rule = NameRule.Create(level, wanted.Effect, wanted.Pattern, run.Actor, run.Now, wanted.Comment, wanted.ExpiresAt);
        await store.ActAsync(async session =>
        {
            await NameRuleStore.InsertAsync(session, rule);
            return new Acted<bool>(true, NameRuleAudit.Created(rule, run.Actor, run.Now));
        }, CancellationToken.None);
    }

    private static bool IsOf(string level, string collection) => ResourceName.TryParse(level, collection, out _);

    private static bool Same(NameRule rule, DesiredRule wanted) => rule.Effect == wanted.Effect && rule.Pattern.Equals(wanted.Pattern)
        && rule.Comment == wanted.Comment && rule.ExpiresAt == wanted.ExpiresAt;
}
