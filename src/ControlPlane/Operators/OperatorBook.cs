using System.Collections.Frozen;
using System.Collections.Immutable;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Operators;

/// <summary>All operators as they are now: asked at every remote call, answered from memory, as fresh as the store.</summary>
internal sealed class OperatorBook(IStore store)
{
    private readonly Generational<OperatorSnapshot> current = new(store, async session => new OperatorSnapshot(await OperatorStore.ListAsync(session)));

    public ValueTask<OperatorSnapshot> CurrentAsync(CancellationToken cancellationToken) => current.CurrentAsync(cancellationToken);
}

/// <summary>The operators of one moment.</summary>
internal sealed class OperatorSnapshot
{
    public OperatorSnapshot(IReadOnlyList<OperatorRecord> operators)
    {
        All = [.. operators.OrderBy(o => o.Id, StringComparer.Ordinal)];
        ById = All.ToFrozenDictionary(o => o.Id, StringComparer.Ordinal);
    }

    /// <summary>Ordered by id.</summary>
    public ImmutableArray<OperatorRecord> All { get; }

    public FrozenDictionary<string, OperatorRecord> ById { get; }
}
