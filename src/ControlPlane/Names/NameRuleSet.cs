using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Names;

/// <summary>The rules of one level, compiled once for many decisions.</summary>
internal sealed class NameRuleSet
{
    public static readonly NameRuleSet Empty = new([]);

    public NameRuleSet(ImmutableArray<NameRule> rules)
    {
        Rules = rules;
        Allow = new NameRuleIndex(rules.Where(rule => rule.Effect == NameRuleEffect.Allow));
        Deny = new NameRuleIndex(rules.Where(rule => rule.Effect == NameRuleEffect.Deny));
    }

    public ImmutableArray<NameRule> Rules { get; }

    public NameRuleIndex Allow { get; }

    public NameRuleIndex Deny { get; }
}
