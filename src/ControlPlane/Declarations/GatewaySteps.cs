using System.Collections.Immutable;
using GrpcCa.ControlPlane.Gateways;

namespace GrpcCa.ControlPlane.Declarations;

/// <summary>Gateways of a document. A new one has no token: it is asked for when the gateway is to join.</summary>
internal sealed class GatewaySteps(StateRun run, GatewayRegistry registry)
{
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    public async ValueTask PutAsync(ImmutableArray<Declared<DesiredGateway>> declared)
    {
        foreach (var (path, wanted) in declared)
            if (!run.IsRepeated(seen, Protocol.ResourceName.Of(Protocol.ResourceName.Gateways, wanted.Id), path))
                await run.TryAsync(path, "gateway", () => PutAsync(wanted));
    }

    public async ValueTask PruneAsync(ImmutableArray<Declared<DesiredGateway>> declared)
    {
        var kept = declared.Select(d => d.Value.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var old in (await GatewayStore.ListAsync(run.Session)).Where(g => !g.Disabled && !kept.Contains(g.Id)))
            await run.TryAsync("prune", "gateway", async () =>
                run.Changed(DeclaredCollection.Gateways, old.Name, AppliedAction.Disable, old, await registry.DisableAsync(old.Id, run.Actor, CancellationToken.None)));
    }

    private async ValueTask PutAsync(DesiredGateway wanted)
    {
        ChosenId.Check(wanted.Id, "gateway.name");
        var old = await GatewayStore.FindAsync(run.Session, wanted.Id);
        var next = await registry.DeclareAsync(wanted.Id, wanted.Draft, run.Actor, CancellationToken.None);
        if (old?.Version == next.Version) run.Unchanged();
        else run.Changed(DeclaredCollection.Gateways, next.Name, old is null ? AppliedAction.Create : AppliedAction.Update, old, next);
    }
}
