using System.Collections.Frozen;
using System.Collections.Immutable;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Names;

/// <summary>The rules as they are now, compiled; read again only when the configuration changed.</summary>
internal sealed class NameBook(IStore store)
{
    private readonly Generational<NameSnapshot> snapshots = new(store, async session => new NameSnapshot(await NameRuleStore.AllAsync(session), await NameLevelStore.MarkedAsync(session)));

    public ValueTask<NameSnapshot> CurrentAsync(CancellationToken cancellationToken) => snapshots.CurrentAsync(cancellationToken);
}

/// <summary>All rules of one generation, level by level.</summary>
internal sealed class NameSnapshot
{
    private readonly FrozenDictionary<string, NameRuleSet> levels;

    private readonly FrozenSet<string> marked;

    public NameSnapshot(ImmutableArray<NameRule> rules, IEnumerable<string> marked)
    {
        levels = rules
            .GroupBy(rule => rule.Level, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => new NameRuleSet([.. group]), StringComparer.Ordinal);
        this.marked = marked.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>The level, ready for <see cref="NamePolicy"/>; one without rules is there too, and empty.</summary>
    public NameLevel Level(string name, bool mandatory) => new(name, mandatory, levels.GetValueOrDefault(name) ?? NameRuleSet.Empty)
    {
        IsMarked = marked.Contains(name),
    };
}
