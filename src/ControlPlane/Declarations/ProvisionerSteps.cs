using System.Collections.Immutable;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Provisioners;

namespace GrpcCa.ControlPlane.Declarations;

/// <summary>Provisioners of a document.</summary>
internal sealed class ProvisionerSteps(StateRun run, ProvisionerEditing editing)
{
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    public async ValueTask PutAsync(ImmutableArray<Declared<ProvisionerRecord>> declared)
    {
        // One that renews names others.
        foreach (var (path, wanted) in declared.OrderBy(d => d.Value.Kind == ProvisionerKind.Renewal))
            if (!run.IsRepeated(seen, wanted.Name, path))
                await run.TryAsync(path, "provisioner", () => PutAsync(path, wanted));
    }

    public async ValueTask PruneAsync(ImmutableArray<Declared<ProvisionerRecord>> declared, bool force)
    {
        var kept = declared.Select(d => d.Value.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var old in (await ProvisionerStore.LoadAsync(run.Session)).Values.Where(p => !kept.Contains(p.Id)).OrderBy(p => p.Id, StringComparer.Ordinal))
            await run.TryAsync("prune", "provisioner", async () =>
            {
                await editing.DeleteAsync(old.Id, force, run.Actor, CancellationToken.None);
                run.Changed(DeclaredCollection.Provisioners, old.Name, AppliedAction.Delete, old, null);
            });
    }

    private async ValueTask PutAsync(string path, ProvisionerRecord wanted)
    {
        ChosenId.Check(wanted.Id, "provisioner.name");
        var old = await ProvisionerStore.FindAsync(run.Session, wanted.Id);
        if (old is not null && ProvisionerStore.Write(old) == ProvisionerStore.Write(wanted))
        {
            run.Unchanged();
            return;
        }
        var faults = await editing.FaultsAsync(wanted, CancellationToken.None);
        foreach (var fault in faults) run.Faulty(path + fault.Field!["provisioner".Length..], fault.Detail);
        if (old is not null && faults.Count == 0)
            run.Changed(DeclaredCollection.Provisioners, wanted.Name, AppliedAction.Update, old, await editing.UpdateAsync(
                wanted.Id, "", now => wanted with { Version = now.Version, CreatedAt = now.CreatedAt, UpdatedAt = now.UpdatedAt }, run.Actor, CancellationToken.None));
        else if (old is null && faults.Count == 0)
            run.Changed(DeclaredCollection.Provisioners, wanted.Name, AppliedAction.Create, null, await editing.CreateAsync(wanted, run.Actor, null, CancellationToken.None));
        // All of this is undone; what names the provisioner is no fault of its own.
        else if (old is null)
            await ProvisionerStore.InsertAsync(run.Session, wanted, run.Now);
    }
}
