using Grpc.Core;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Declarations;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>StateService: the configuration as one document.</summary>
internal sealed class StateApi(IStore store, StateApplier applier, OnceOnly onceOnly, TimeProvider time) : StateService.StateServiceBase
{
    public override async Task<StatePlan> PlanState(PlanStateRequest request, ServerCallContext context) => await ToldAsync(context, async () =>
        StateMapping.ToProto(await applier.PlanAsync(
            StateMapping.ToDesired(request.State, request.Prune, request.Force), context.Caller().Actor, context.CancellationToken)));

    public override Task<StatePlan> ApplyState(ApplyStateRequest request, ServerCallContext context)
    {
        var desired = StateMapping.ToDesired(request.State, request.Prune, request.Force);
        var generation = StateMapping.Generation(request.PlanEtag);
        return ToldAsync(context, () => onceOnly.RunAsync(context, request, request.RequestId, StatePlan.Parser, async note => StateMapping.ToProto(
            await applier.ApplyAsync(desired, generation, context.Caller().Actor,
                note is null ? null : (session, applied) => note(session, StateMapping.ToProto(applied)), context.CancellationToken))));
    }

    public override async Task<State> ExportState(ExportStateRequest request, ServerCallContext context) => await store.ReadAsync(async session =>
    {
        var now = time.GetUtcNow();
        var rules = (await NameRuleStore.AllAsync(session)).Where(r => r.IsLive(now)).ToLookup(r => r.Level, StringComparer.Ordinal);
        // Levels of accounts, EAB keys and operators belong to what is not declared.
        var levels = (await NameLevelStore.MarkedAsync(session))
            .Where(l => ResourceName.TryParse(l, ResourceName.Authorities, out _) || ResourceName.TryParse(l, ResourceName.Provisioners, out _))
            .Order(StringComparer.Ordinal).Select(l => (l, rules[l].OrderBy(r => r.Effect).ThenBy(r => r.Pattern.ToString(), StringComparer.Ordinal).AsEnumerable()));
        return StateMapping.ToProto(
            (await ProfileStore.LoadAsync(session)).Values.OrderBy(p => p.Id, StringComparer.Ordinal),
            (await ProvisionerStore.LoadAsync(session)).Values.OrderBy(p => p.Id, StringComparer.Ordinal),
            await GatewayStore.ListAsync(session),
            levels);
    }, context.CancellationToken);

    private static async Task<StatePlan> ToldAsync(ServerCallContext context, Func<Task<StatePlan>> act)
    {
        try
        {
            return await act();
        }
        catch (StateFaultsException faulty)
        {
            throw RefusalStatus.OfViolations([.. faulty.Faults.Select(f => new FieldViolation(f.Path, f.Detail))], context).ToRpcException();
        }
    }
}
