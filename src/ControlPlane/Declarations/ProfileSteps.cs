using System.Collections.Immutable;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Declarations;

/// <summary>Profiles of a document.</summary>
internal sealed class ProfileSteps(StateRun run, ProfileEditing editing)
{
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    public async ValueTask PutAsync(ImmutableArray<Declared<ProfileRecord>> declared)
    {
        foreach (var (path, wanted) in declared)
            if (!run.IsRepeated(seen, wanted.Name, path))
                await run.TryAsync(path, "profile", () => PutAsync(path, wanted));
    }

    public async ValueTask PruneAsync(ImmutableArray<Declared<ProfileRecord>> declared)
    {
        var kept = declared.Select(d => d.Value.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var old in (await ProfileStore.LoadAsync(run.Session)).Values.Where(p => !kept.Contains(p.Id)).OrderBy(p => p.Id, StringComparer.Ordinal))
            await run.TryAsync("prune", "profile", async () =>
            {
                await editing.DeleteAsync(old.Id, run.Actor, CancellationToken.None);
                run.Changed(DeclaredCollection.Profiles, old.Name, AppliedAction.Delete, old, null);
            });
    }

    private async ValueTask PutAsync(string path, ProfileRecord wanted)
    {
        ChosenId.Check(wanted.Id, "profile.name");
        var old = await ProfileStore.FindAsync(run.Session, wanted.Id);
        if (old is not null && ProfileStore.Write(old) == ProfileStore.Write(wanted))
        {
            run.Unchanged();
            return;
        }
        var faults = ProfileEditing.Faults(wanted).ToList();
        foreach (var fault in faults) run.Faulty(path + fault.Field!["profile".Length..], fault.Detail);
        if (old is not null && faults.Count == 0)
            run.Changed(DeclaredCollection.Profiles, wanted.Name, AppliedAction.Update, old, await editing.UpdateAsync(wanted.Id, "", now => wanted with { Version = now.Version }, run.Actor, CancellationToken.None));
        else if (old is null && faults.Count == 0)
            run.Changed(DeclaredCollection.Profiles, wanted.Name, AppliedAction.Create, null, await editing.CreateAsync(wanted, run.Actor, null, CancellationToken.None));
        // All of this is undone; what names the profile is no fault of its own.
        else if (old is null)
            await ProfileStore.InsertAsync(run.Session, wanted);
    }
}
