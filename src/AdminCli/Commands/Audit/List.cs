using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Audit;

/// <summary><c>grpcca audit list</c></summary>
internal sealed class List() : ListVerb<AuditEvent>("Audit events, newest first.")
{
    public override IReadOnlyList<string> Examples => ["grpcca audit list", "grpcca audit list --limit 1000 --output json"];

    protected override string Member => "auditEvents";

    protected override IReadOnlyList<Column<AuditEvent>> Columns(CommandContext context) =>
    [
        new("Time", e => Cell.Of(e.CreateTime)),
        new("Action", e => e.Action),
        new("Resource", e => e.Resource, Wraps: true),
        new("Actor", e => e.Actor, Wraps: true),
        new("Event", e => Ids.Short(e.Name)),
    ];

    protected override Func<int, string, Task<Page<AuditEvent>>> Fetch(CommandContext context)
    {
        var client = new AuditService.AuditServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListAuditEventsAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.AuditEvents, page.NextPageToken);
        };
    }
}
