using System.Globalization;
using Grpc.Core;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api.Filters;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Approvals;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Operators;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;
using Role = GrpcCa.ControlPlane.Access.Role;

namespace GrpcCa.ControlPlane.Api;

/// <summary>ApprovalService: what waits for a second operator, a yes or a no to it, and who demands one.</summary>
internal sealed class ApprovalApi(
    IStore store, ApprovalDesk desk, ApprovedCalls calls, AccessRules rules, BoundInterceptor bounds, OperatorBook operators, DemandBook demands,
    ProvisionerBook provisioners, AuthorityBook authorities, PageTokens tokens, TimeProvider time) : ApprovalService.ApprovalServiceBase
{
    private static readonly Dictionary<string, string[]> FilterFields = new(StringComparer.Ordinal) { ["state"] = ["="], ["asker"] = ["="] };

    public override async Task<Approval> GetApproval(GetApprovalRequest request, ServerCallContext context) =>
        ToProto(await desk.GetAsync(IdOf(request.Name), context.CancellationToken));

    public override async Task<ListApprovalsResponse> ListApprovals(ListApprovalsRequest request, ServerCallContext context)
    {
        var query = "approvals " + request.Filter;
        var page = tokens.Read(request.PageSize, request.PageToken, query, parts: 2);
        var terms = FilterParser.Parse(request.Filter, FilterFields);
        var state = terms.Where(t => t.Field == "state").Select(t => StateOf(t.Value)).Cast<ApprovalState?>().LastOrDefault();
        var asker = terms.LastOrDefault(t => t.Field == "asker")?.Value ?? "";
        var (before, id) = page.IsFirst ? (DateTimeOffset.FromUnixTimeMilliseconds(253402300799999), "") : (Wire.Position(page.After[0]), page.After[1]);
        var read = await store.ReadAsync(
            session => ApprovalStore.ListAsync(session, state, asker, time.GetUtcNow(), before, id, page.Size + 1), context.CancellationToken);
        var (rows, next) = page.Cut(read, a => tokens.Token(query, a.CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), a.Id));
        return new ListApprovalsResponse { Approvals = { rows.Select(ToProto) }, NextPageToken = next };
    }

    public override async Task<Approval> ApproveApproval(ApproveApprovalRequest request, ServerCallContext context)
    {
        var approver = context.Caller();
        var asked = await desk.GetAsync(IdOf(request.Name), context.CancellationToken);
        await CheckMayAsync(approver, asked, context.CancellationToken);
        var asker = await AskerOfNowAsync(asked, context.CancellationToken);
        await CheckMayAsync(asker, asked, context.CancellationToken);
        if (ApprovalMapping.RequestOf(asked) is not { } message || !ApprovalInterceptor.DigestOf(asked.Method, message).AsSpan().SequenceEqual(asked.Digest))
            throw new InvalidOperationException($"{asked.Name} is not what was asked: its digest differs");
        var claimed = await desk.ClaimAsync(asked.Id, Digest(request.RequestSha256), approver.Actor, context.CancellationToken);
        try
        {
            await calls.RunAsync(claimed, new ApprovedCallContext(context, claimed.Method, asker));
        }
        catch (RefusalException refused)
        {
            return ToProto(await desk.FinishAsync(claimed, refused.Detail));
        }
        catch (RpcException refused)
        {
            return ToProto(await desk.FinishAsync(claimed, refused.Status.Detail));
        }
        catch (Exception)
        {
            await desk.FinishAsync(claimed, $"internal error; the log has it under request {context.RequestId()}");
            throw;
        }
        return ToProto(await desk.FinishAsync(claimed, null));
    }

    public override async Task<Approval> RejectApproval(RejectApprovalRequest request, ServerCallContext context)
    {
        var asked = await desk.GetAsync(IdOf(request.Name), context.CancellationToken);
        await CheckMayAsync(context.Caller(), asked, context.CancellationToken);
        return ToProto(await desk.RejectAsync(asked.Id, request.Reason, context.Caller().Actor, context.CancellationToken));
    }

    public override async Task<ListApprovalDemandsResponse> ListApprovalDemands(ListApprovalDemandsRequest request, ServerCallContext context)
    {
        var all = (await demands.CurrentAsync(context.CancellationToken)).Values.OrderBy(d => d.Resource, StringComparer.Ordinal);
        var (rows, next) = tokens.Of(all, d => d.Resource, request.PageSize, request.PageToken, "approvalDemands");
        return new ListApprovalDemandsResponse { ApprovalDemands = { rows.Select(ApprovalMapping.ToProto) }, NextPageToken = next };
    }

    // Taking a demand back comes here only where none is (the interceptor holds it up otherwise).
    public override async Task<ApprovalDemand> SetApprovalDemand(SetApprovalDemandRequest request, ServerCallContext context)
    {
        if (request.Required) await CheckDemandAsync(request.Resource, context);
        var demand = await demands.SetAsync(request.Resource, request.Required, context.Caller().Actor, context.CancellationToken);
        return demand is null ? new ApprovalDemand { Resource = request.Resource } : ApprovalMapping.ToProto(demand);
    }

    private async ValueTask CheckDemandAsync(string resource, ServerCallContext context)
    {
        var exists = ResourceName.TryParse(resource, ResourceName.Provisioners, out var id)
            ? (await provisioners.CurrentAsync(context.CancellationToken)).ContainsKey(id)
            : ResourceName.TryParse(resource, ResourceName.Authorities, out id)
                && (await authorities.CurrentAsync(context.CancellationToken)).Find(id) is { Purpose: AuthorityPurpose.Issuing };
        if (!exists) throw new RefusalException(RefusalReason.InvalidArgument, $"{Excerpt.Of(resource)} is no issuing authority and no provisioner") { Field = "resource" };
        // For whoever comes from afar the admin socket is the second one.
        if (context.Caller().Kind == CallerKind.LocalAdmin && !(await operators.CurrentAsync(context.CancellationToken)).All.Any(o => o.IsReadyOwner))
            throw new RefusalException(RefusalReason.FailedPrecondition, "nobody else could approve anything: let an owner log in from elsewhere first ('grpcca operator create')");
    }

    private async ValueTask CheckMayAsync(Caller caller, ApprovalRecord asked, CancellationToken cancellationToken)
    {
        if (!rules.Allows(asked.Method, caller))
            throw new RefusalException(RefusalReason.PermissionDenied, $"{caller.Actor} has the role {caller.Role}, which may not call {asked.Method}");
        await bounds.CheckAsync(asked.Method, ApprovalMapping.RequestOf(asked), caller, cancellationToken);
    }

    // Who asked may have lost its role, or be gone, since.
    private async ValueTask<Caller> AskerOfNowAsync(ApprovalRecord asked, CancellationToken cancellationToken)
    {
        const string local = "local/uid/";
        if (asked.Asker.StartsWith(local, StringComparison.Ordinal)) return Caller.LocalAdmin(uint.Parse(asked.Asker.AsSpan(local.Length), CultureInfo.InvariantCulture));
        if (ResourceName.TryParse(asked.Asker, ResourceName.Operators, out var id)
            && (await operators.CurrentAsync(cancellationToken)).ById.GetValueOrDefault(id) is { Disabled: false } found && found.CreatedAt <= asked.CreatedAt)
            return Caller.Operator(id, (Role)(int)found.Role, found.Identity.Serial) with { Provisioners = found.ProvisionerIds };
        throw new RefusalException(RefusalReason.FailedPrecondition, $"{asked.Asker}, who asked, is disabled or gone; it has to be asked anew");
    }

    private Approval ToProto(ApprovalRecord record) => ApprovalMapping.ToProto(record, time.GetUtcNow());

    private static ApprovalState StateOf(string text) =>
        Enum.TryParse<ApprovalState>(text.StartsWith("STATE_", StringComparison.Ordinal) ? text[6..] : text, ignoreCase: true, out var state) && Enum.IsDefined(state) && !char.IsAsciiDigit(text[0])
            ? state
            : throw new RefusalException(RefusalReason.InvalidArgument, $"state is one of {string.Join(", ", Enum.GetNames<ApprovalState>()).ToUpperInvariant()}, not {Excerpt.Of(text)}") { Field = "filter" };

    private static byte[] Digest(string hex)
    {
        try
        {
            return Convert.FromHexString(hex);
        }
        catch (FormatException)
        {
            throw new RefusalException(RefusalReason.InvalidArgument, "is no SHA-256 in hexadecimal") { Field = "request_sha256" };
        }
    }

    private static string IdOf(string name) => Wire.Id(name, ResourceName.Approvals, "name");
}
