using Grpc.Core;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;
using AuditEvent = GrpcCa.V1.AuditEvent;

namespace GrpcCa.ControlPlane.Api;

/// <summary>AuditService: the acts of the CA, newest first.</summary>
internal sealed class AuditApi(IStore store) : AuditService.AuditServiceBase
{
    private const string Query = "auditEvents";

    public override async Task<ListAuditEventsResponse> ListAuditEvents(ListAuditEventsRequest request, ServerCallContext context)
    {
        var page = Page.Read(request.PageSize, request.PageToken, Query, parts: 1);
        var entries = await store.ReadAsync(
            session => AuditLog.ListAsync(session, page.Size + 1, page.IsFirst ? null : page.After[0]), context.CancellationToken);
        var (rows, next) = Pages.Cut([.. entries], page, entry => Page.Token(Query, entry.Id));
        return new ListAuditEventsResponse { AuditEvents = { rows.Select(ToProto) }, NextPageToken = next };
    }

    private static AuditEvent ToProto(AuditEntry entry) => new()
    {
        Name = ResourceName.Of(ResourceName.AuditEvents, entry.Id),
        CreateTime = Wire.Time(entry.Event.Time),
        Action = entry.Event.Action,
        Actor = entry.Event.Actor,
        Resource = entry.Event.Resource,
        CanonicalJson = System.Text.Encoding.UTF8.GetString(entry.Canonical),
        Sha256 = Convert.ToHexStringLower(entry.Sha256),
    };
}
