using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary><c>grpcca approval demands</c></summary>
internal sealed class Demands : Verb
{
    private static readonly IReadOnlyList<Column<ApprovalDemand>> Columns =
    [
        new("Resource", d => d.Resource),
        new("Since", d => Cell.Of(d.CreateTime)),
        new("By", d => d.Creator, Wraps: true),
    ];

    public Demands() : base("demands", "Authorities and provisioners that demand a second operator.")
    {
    }

    public override IReadOnlyList<string> Examples => ["grpcca approval demands"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var client = new ApprovalService.ApprovalServiceClient(context.Server);
        await context.Printer.ListAsync("approvalDemands", Columns, new PagedList<ApprovalDemand>(async (size, token) =>
        {
            var page = await client.ListApprovalDemandsAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.ApprovalDemands, page.NextPageToken);
        }, limit: 1000));
        return ExitCodes.Ok;
    }
}
