using System.Collections.Immutable;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Declarations;

/// <summary>One run over a document inside its transaction: what was done, and everything that is wrong.</summary>
internal sealed class StateRun(StoreSession session, string actor, TimeProvider time, IEnumerable<DeclaredFault> faults)
{
    private readonly ImmutableArray<DeclaredFault>.Builder found = ImmutableArray.CreateRange(faults).ToBuilder();
    private readonly ImmutableArray<AppliedChange>.Builder changes = ImmutableArray.CreateBuilder<AppliedChange>();
    private int unchanged;

    public StoreSession Session => session;

    public string Actor => actor;

    /// <summary>In whole milliseconds, as the store keeps it.</summary>
    public DateTimeOffset Now { get; } = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    public void Changed(DeclaredCollection collection, string resource, AppliedAction action, object? before, object? after) =>
        changes.Add(new AppliedChange(collection, resource, action, before, after));

    public void Unchanged() => unchanged++;

    public void Faulty(string path, string detail) => found.Add(new DeclaredFault(path, detail));

    /// <summary>
    /// Does one step; a refusal of it is kept with its place in the document, and the run goes on to find the others.
    /// </summary>
    /// <param name="path">Where the thing stands in the document.</param>
    /// <param name="field">What its own service calls it in the fields of refusals, such as <c>profile</c>.</param>
    /// <param name="step">The step.</param>
    public async ValueTask TryAsync(string path, string field, Func<ValueTask> step)
    {
        try
        {
            await step();
        }
        catch (RefusalException refusal)
        {
            Faulty(PathOf(path, field, refusal.Field), refusal.Detail);
        }
    }

    /// <exception cref="StateFaultsException">Something is wrong.</exception>
    public AppliedState End(long generation) => found.Count > 0
        ? throw new StateFaultsException(found.ToImmutable())
        : new AppliedState(changes.ToImmutable(), unchanged, generation);

    /// <summary>A declared resource that stands twice in the document.</summary>
    public bool IsRepeated(HashSet<string> seen, string resource, string path)
    {
        if (seen.Add(resource)) return false;
        Faulty(path, $"{resource} is declared twice");
        return true;
    }

    private static string PathOf(string path, string field, string? refused) =>
        refused is null ? path
        : refused.StartsWith(field + ".", StringComparison.Ordinal) ? path + refused[field.Length..]
        : path;
}
