using System.Collections.Immutable;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;

namespace GrpcCa.ControlPlane.Declarations;

/// <summary>The collections of a document; the numbers are those of the API.</summary>
internal enum DeclaredCollection
{
    Profiles = 1,
    Provisioners,
    NameLevels,
    Gateways,
}

/// <summary>What a document declares, each with its place in it.</summary>
internal sealed record DesiredState
{
    public ImmutableArray<Declared<ProfileRecord>> Profiles { get; init; } = [];

    public ImmutableArray<Declared<ProvisionerRecord>> Provisioners { get; init; } = [];

    public ImmutableArray<Declared<DesiredLevel>> Levels { get; init; } = [];

    public ImmutableArray<Declared<DesiredGateway>> Gateways { get; init; } = [];

    /// <summary>Collections whose undeclared resources go.</summary>
    public ImmutableArray<DeclaredCollection> Prune { get; init; } = [];

    /// <summary>Deletes provisioners also while certificates of them are valid.</summary>
    public bool Force { get; init; }

    /// <summary>What the document says that no record can hold; told together with everything else that is wrong.</summary>
    public ImmutableArray<DeclaredFault> Faults { get; init; } = [];
}

/// <summary>A declared thing.</summary>
/// <param name="Path">Where it stands, such as <c>state.profiles[0]</c>.</param>
/// <param name="Value">What it should be.</param>
internal sealed record Declared<T>(string Path, T Value);

/// <summary>A gateway as declared; what the draft leaves null stays.</summary>
internal sealed record DesiredGateway(string Id, GatewayDraft Draft);

/// <summary>All rules of a level.</summary>
internal sealed record DesiredLevel(string Level, ImmutableArray<DesiredRule> Rules);

/// <summary>A rule without what the server adds.</summary>
internal sealed record DesiredRule(NameRuleEffect Effect, NameRulePattern Pattern, string Comment, DateTimeOffset? ExpiresAt);

/// <summary>Something wrong in the document, by the path of its field.</summary>
internal sealed record DeclaredFault(string Path, string Detail);

/// <summary>What was done to one resource; records before and after where the document can show them.</summary>
internal sealed record AppliedChange(DeclaredCollection Collection, string Resource, AppliedAction Action, object? Before, object? After);

/// <summary>The numbers are those of the API.</summary>
internal enum AppliedAction
{
    Create = 1,
    Update,
    Delete,
    Disable,
}

/// <summary>What a document came to.</summary>
/// <param name="Changes">In the order in which they were made.</param>
/// <param name="Unchanged">Declared resources that were so already.</param>
/// <param name="Generation">Of the configuration before the first change.</param>
internal sealed record AppliedState(ImmutableArray<AppliedChange> Changes, int Unchanged, long Generation);
