using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Names;

/// <summary>Whether a name may be issued, and who says so.</summary>
/// <param name="Explanation">A sentence that names the rule and the level.</param>
/// <param name="Levels">One for each level, in the order given.</param>
internal sealed record NameDecision(bool Allowed, string Explanation, ImmutableArray<LevelVerdict> Levels);

/// <summary>What one level says.</summary>
/// <param name="Allowed">Whether the level lets the name through; true also when it leaves the decision to the others.</param>
/// <param name="Rule">The rule that decided; null when none matched or the level has none.</param>
internal sealed record LevelVerdict(string Level, bool Allowed, NameRule? Rule, string Explanation);

/// <summary>
/// Decides about a name: the intersection of all levels that are set, where a deny at any level wins. Pure: the same
/// levels, name and time give the same decision. Asked at newOrder, at finalize and for each name of the certificate.
/// </summary>
internal static class NamePolicy
{
    public static NameDecision Decide(IReadOnlyList<NameLevel> levels, Identifier name, DateTimeOffset now)
    {
        var verdicts = ImmutableArray.CreateBuilder<LevelVerdict>(levels.Count);
        LevelVerdict? denied = null, refused = null, allowed = null;
        foreach (var level in levels)
        {
            var verdict = Judge(level, name, now);
            verdicts.Add(verdict);
            if (verdict is { Allowed: false, Rule: not null }) denied ??= verdict;
            else if (!verdict.Allowed) refused ??= verdict;
            else if (verdict.Rule is not null) allowed = verdict;
        }
        // The words of the level that decided. Without a level that says yes the answer is no: all() of nothing is deny.
        var decisive = denied ?? refused;
        var explanation = decisive?.Explanation ?? allowed?.Explanation ?? $"no level has a rule that allows {name.Value}";
        return new NameDecision(decisive is null && allowed is not null, explanation, verdicts.MoveToImmutable());
    }

    private static LevelVerdict Judge(NameLevel level, Identifier name, DateTimeOffset now)
    {
        if (level.Rules.Deny.Find(name, now) is { } deny)
            return new(level.Name, false, deny, $"{name.Value} is refused by the rule {deny}");
        if (!level.IsSet)
            return new(level.Name, true, null, $"{level.Name} has no rules and leaves {name.Value} to the other levels");
        if (level.Rules.Allow.Find(name, now) is { } allow)
            return new(level.Name, true, allow, $"{name.Value} is allowed by the rule {allow}");
        return new(level.Name, false, null, level.Rules.Allow.IsEmpty
            ? $"{level.Name} has no allow rule, so it allows nothing: {name.Value} is refused"
            : $"no allow rule of {level.Name} matches {name.Value}");
    }
}
