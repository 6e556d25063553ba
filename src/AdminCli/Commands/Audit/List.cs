using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Audit;

/// <summary><c>grpcca audit list</c></summary>
internal sealed class List : ListVerb<AuditEvent>
{
    public List() : base("Audit events, newest first.")
    {
        Add(Actor);
        Add(Act);
        Add(Resource);
        Add(Since);
        Add(Until);
    }

    public Option<string?> Actor { get; } = new("--actor") { Description = "Only what this one did: operators/alice, local/uid/0, accounts/…, system", HelpName = "NAME" };

    public Option<string?> Act { get; } = new("--action") { Description = "Only such acts: certificate.issue, nameRule.create, …", HelpName = "ACTION" };

    public Option<string?> Resource { get; } = new("--resource") { Description = "Only what was done to this: provisioners/acme, certificates/…", HelpName = "NAME" };

    public Option<string?> Since { get; } = new("--since") { Description = "Only from then on: a date (2026-11-27), a time, or a span back from now (24h)", HelpName = "WHEN" };

    public Option<string?> Until { get; } = new("--until") { Description = "Only before then", HelpName = "WHEN" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca audit list",
        "grpcca audit list --actor operators/alice --since 24h",
        "grpcca audit list --action nameRule.create --since 2026-11-01 -o json",
    ];

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
        var filter = new Filter().Equal("actor", context.Get(Actor)).Equal("action", context.Get(Act)).Equal("resource", context.Get(Resource))
            .NotBefore("create_time", context.GetPastTime(Since)).Before("create_time", context.GetPastTime(Until)).ToString();
        var client = new AuditService.AuditServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListAuditEventsAsync(new() { PageSize = size, PageToken = token, Filter = filter }, context.Call);
            return new(page.AuditEvents, page.NextPageToken);
        };
    }
}
