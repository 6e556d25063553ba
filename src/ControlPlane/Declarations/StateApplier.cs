using System.Collections.Immutable;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;

namespace GrpcCa.ControlPlane.Declarations;

/// <summary>
/// Makes the configuration what a document declares, in one transaction, by the same acts that operators do one by one:
/// with their checks and their audit events. A plan is that transaction undone.
/// </summary>
internal sealed class StateApplier(IStore store, JoinTokens tokens, TimeProvider time)
{
    /// <summary>What <see cref="ApplyAsync"/> would do.</summary>
    /// <exception cref="StateFaultsException">The document has faults.</exception>
    public async Task<AppliedState> PlanAsync(DesiredState desired, string actor, CancellationToken cancellationToken)
    {
        try
        {
            await store.WriteAsync<AppliedState>(async session => throw new UndoneException(await RunAsync(session, desired, actor)), cancellationToken);
        }
        catch (UndoneException undone)
        {
            return undone.Applied;
        }
        throw new InvalidOperationException("a plan was committed");
    }

    /// <summary>Applies the document, or nothing of it.</summary>
    /// <param name="desired">What is declared.</param>
    /// <param name="generation">Of the plan that was looked at; null takes any.</param>
    /// <param name="actor">Who.</param>
    /// <param name="alongside">Written in the same transaction; may run more than once.</param>
    /// <param name="cancellationToken">Gives up before the write is queued.</param>
    /// <exception cref="StateFaultsException">The document has faults.</exception>
    /// <exception cref="RefusalException">Conflict: the configuration is not the planned one's any more.</exception>
    public Task<AppliedState> ApplyAsync(
        DesiredState desired, long? generation, string actor, Func<StoreSession, AppliedState, ValueTask>? alongside, CancellationToken cancellationToken) =>
        store.ActAsync(async session =>
        {
            if (generation is { } planned && await Generation.ReadConfigurationAsync(session) != planned)
                throw new RefusalException(RefusalReason.Conflict, "the configuration was changed since this was planned; plan again") { Field = "plan_etag" };
            var applied = await RunAsync(session, desired, actor);
            if (alongside is not null) await alongside(session, applied);
            return new Acted<AppliedState>(applied, new AuditEvent(time.GetUtcNow(), "state.apply", actor, "state",
            [
                new("changed", string.Join(' ', applied.Changes.Select(c => $"{c.Action.ToString().ToLowerInvariant()}:{c.Resource}"))),
                new("unchanged", $"{applied.Unchanged}"),
            ]));
        }, cancellationToken);

    private async ValueTask<AppliedState> RunAsync(StoreSession session, DesiredState desired, string actor)
    {
        var generation = await Generation.ReadConfigurationAsync(session);
        var run = new StateRun(session, actor, time, desired.Faults);
        var within = new SessionStore(session);
        var (authorities, profiles, provisioners) = (new AuthorityBook(within), new ProfileBook(within), new ProvisionerBook(within));
        var profileSteps = new ProfileSteps(run, new ProfileEditing(within, time));
        // All of it is one act: what is done within it is not recorded by itself.
        var provisionerSteps = new ProvisionerSteps(run, new ProvisionerEditing(within, authorities, profiles, provisioners, new FailPoints(), time));
        var gatewaySteps = new GatewaySteps(run, new GatewayRegistry(within, provisioners, tokens, new WebhookNotices(new WebhookBook(within), time), time));
        var levelSteps = new LevelSteps(run, within);
        // What is named comes before what names it, and goes after it.
        await profileSteps.PutAsync(desired.Profiles);
        await provisionerSteps.PutAsync(desired.Provisioners);
        await gatewaySteps.PutAsync(desired.Gateways);
        await levelSteps.PutAsync(desired.Levels);
        if (desired.Prune.Contains(DeclaredCollection.NameLevels)) await levelSteps.PruneAsync(desired.Levels);
        if (desired.Prune.Contains(DeclaredCollection.Gateways)) await gatewaySteps.PruneAsync(desired.Gateways);
        if (desired.Prune.Contains(DeclaredCollection.Provisioners)) await provisionerSteps.PruneAsync(desired.Provisioners, desired.Force);
        if (desired.Prune.Contains(DeclaredCollection.Profiles)) await profileSteps.PruneAsync(desired.Profiles);
        return run.End(generation);
    }

    /// <summary>Undoes a plan's transaction and carries what it found out.</summary>
    private sealed class UndoneException(AppliedState applied) : Exception("planned and undone")
    {
        public AppliedState Applied => applied;
    }
}
