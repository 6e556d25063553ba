using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary><c>grpcca approval list</c></summary>
internal sealed class List : ListVerb<Approval>
{
    public List() : base("Approvals, newest first.") => Add(State);

    public Option<string?> State { get; } = new Option<string?>("--state") { Description = "Only those that stand there", HelpName = "STATE" }.OneOf(ApprovalText.StateWords);

    public override IReadOnlyList<string> Examples => ["grpcca approval list --state pending", "grpcca approval list -o json"];

    protected override string Member => "approvals";

    protected override IReadOnlyList<Column<Approval>> Columns(CommandContext context) =>
    [
        new("Approval", a => Ids.Short(a.Name)),
        new("State", a => ApprovalText.State(a)),
        new("Asked by", a => a.Asker),
        new("Until", a => Cell.Of(a.ExpireTime)),
        new("Would", a => a.Summary, Wraps: true),
    ];

    protected override Func<int, string, Task<Page<Approval>>> Fetch(CommandContext context)
    {
        var filter = new Filter().EqualWord("state", context.Get(State)?.ToUpperInvariant()).ToString();
        var client = new ApprovalService.ApprovalServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListApprovalsAsync(new() { PageSize = size, PageToken = token, Filter = filter }, context.Call);
            return new(page.Approvals, page.NextPageToken);
        };
    }
}
