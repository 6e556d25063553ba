using Grpc.Core;
using GrpcCa.ControlPlane.Api.Filters;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>AuditService: the acts of the CA, newest first.</summary>
internal sealed class AuditApi(IStore store, PageTokens tokens) : AuditService.AuditServiceBase
{
    // What one call looks through at most; the next page goes on behind it.
    private const int MostRead = 20_000;

    public override async Task<ListAuditEventsResponse> ListAuditEvents(ListAuditEventsRequest request, ServerCallContext context)
    {
        var query = "auditEvents " + request.Filter;
        var page = tokens.Read(request.PageSize, request.PageToken, query, parts: 1);
        var filter = AuditFilter.Read(request.Filter);
        var answer = new ListAuditEventsResponse();
        var behind = page.IsFirst ? null : page.After[0];
        for (var read = 0; ; read += page.Size)
        {
            var entries = await store.ReadAsync(session => AuditLog.ListAsync(session, page.Size + 1, behind), context.CancellationToken);
            foreach (var entry in entries.Take(page.Size))
            {
                if (answer.AuditEvents.Count == page.Size) return Cut(answer, query, behind!);
                behind = entry.Id;
                if (filter.Ended(entry.Event)) return answer;
                if (filter.Takes(entry.Event)) answer.AuditEvents.Add(AuditMapping.ToProto(entry));
            }
            if (entries.Count <= page.Size) return answer;
            if (answer.AuditEvents.Count == page.Size || read >= MostRead) return Cut(answer, query, behind!);
        }
    }

    private ListAuditEventsResponse Cut(ListAuditEventsResponse answer, string query, string behind)
    {
        answer.NextPageToken = tokens.Token(query, behind);
        return answer;
    }
}
