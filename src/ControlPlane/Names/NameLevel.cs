using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Names;

/// <summary>One of the levels that must all let a name through: an authority, a provisioner, an account, an EAB key, an operator or tool.</summary>
/// <param name="Name">A resource name, such as <c>provisioners/{id}</c> or <c>operators/{id}</c>.</param>
/// <param name="Mandatory">True when it is always set; false when a level that nobody set leaves it to the other levels.</param>
/// <param name="Rules">Its rules, expired ones too: a level whose rules have all expired is set, and allows nothing.</param>
internal sealed record NameLevel(string Name, bool Mandatory, NameRuleSet Rules)
{
    public NameLevel(string name, bool mandatory, ImmutableArray<NameRule> rules) : this(name, mandatory, new NameRuleSet(rules))
    {
    }

    /// <summary>Whether it was given a rule since it was last unset: it stays set when its rules go, and then allows nothing.</summary>
    public bool IsMarked { get; init; }

    /// <summary>Whether the level has a say of its own.</summary>
    public bool IsSet => Mandatory || IsMarked || !Rules.Rules.IsEmpty;
}
