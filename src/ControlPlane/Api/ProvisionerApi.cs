using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>ProvisionerService: who may ask for certificates, and how.</summary>
internal sealed class ProvisionerApi(ProvisionerBook book, ProvisionerEditing editing, OnceOnly onceOnly, PageTokens tokens) : ProvisionerService.ProvisionerServiceBase
{
    public override async Task<Provisioner> GetProvisioner(GetProvisionerRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.Provisioners, "name");
        return (await book.CurrentAsync(context.CancellationToken)).TryGetValue(id, out var provisioner)
            ? ProvisionerMapping.ToProto(provisioner)
            : throw new RefusalException(RefusalReason.NotFound, $"there is no provisioner {Excerpt.Of(id)}");
    }

    public override async Task<ListProvisionersResponse> ListProvisioners(ListProvisionersRequest request, ServerCallContext context)
    {
        var all = (await book.CurrentAsync(context.CancellationToken)).Values.OrderBy(p => p.Id, StringComparer.Ordinal);
        var (rows, next) = tokens.Of(all, p => p.Id, request.PageSize, request.PageToken, "provisioners");
        return new ListProvisionersResponse { Provisioners = { rows.Select(ProvisionerMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<Provisioner> CreateProvisioner(CreateProvisionerRequest request, ServerCallContext context)
    {
        ChosenId.Check(request.ProvisionerId, "provisioner_id");
        var wanted = ProvisionerMapping.ToRecord(request.ProvisionerId, request.Provisioner);
        if (request.ValidateOnly)
        {
            await editing.CheckAsync(wanted, context.CancellationToken);
            return ProvisionerMapping.ToProto(wanted);
        }
        return await onceOnly.RunAsync(context, request, request.RequestId, Provisioner.Parser, async note => ProvisionerMapping.ToProto(
            await editing.CreateAsync(wanted, context.Caller().Actor,
                note is null ? null : (session, made) => note(session, ProvisionerMapping.ToProto(made)), context.CancellationToken)));
    }

    public override async Task<Provisioner> UpdateProvisioner(UpdateProvisionerRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Provisioner.Name, ResourceName.Provisioners, "provisioner.name");
        var changes = new FieldChanges(request.UpdateMask?.Paths ?? []);
        var next = await editing.UpdateAsync(
            id, request.Provisioner.Etag, old => WithinBounds(context.Caller(), old, ProvisionerMapping.Apply(old, request.Provisioner, changes)), context.Caller().Actor, context.CancellationToken);
        return ProvisionerMapping.ToProto(next);
    }

    // The interceptor saw which provisioner it is; what it is bound to reaches further than that.
    private static ProvisionerRecord WithinBounds(Caller caller, ProvisionerRecord old, ProvisionerRecord next)
    {
        if (caller.Provisioners.IsEmpty) return next;
        if (next.AuthorityId != old.AuthorityId)
            throw new RefusalException(RefusalReason.PermissionDenied, $"{caller.Actor} is bound to provisioners and does not move them to another authority") { Field = "provisioner.authority" };
        var renewed = next.Renewal?.Provisioners ?? [];
        foreach (var (place, id) in renewed.Index())
            if (!caller.Provisioners.Contains(id, StringComparer.Ordinal) && old.Renewal?.Provisioners.Contains(id, StringComparer.Ordinal) is not true)
                throw new RefusalException(RefusalReason.PermissionDenied, $"{caller.Actor} is not bound to provisioners/{id}, whose certificates it would renew") { Field = $"provisioner.renewal.provisioners[{place}]" };
        return next;
    }

    public override async Task<Empty> DeleteProvisioner(DeleteProvisionerRequest request, ServerCallContext context)
    {
        await editing.DeleteAsync(Wire.Id(request.Name, ResourceName.Provisioners, "name"), request.Force, context.Caller().Actor, context.CancellationToken);
        return new Empty();
    }
}
