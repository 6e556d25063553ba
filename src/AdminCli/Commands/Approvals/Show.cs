using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary><c>grpcca approval show ID</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One approval, with the request as it was asked.") => Add(Approval);

    public Argument<string> Approval { get; } = new("id") { Description = "The approval's id" };

    public override IReadOnlyList<string> Examples => ["grpcca approval show 9f2c51d07ab34e68"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Approvals, context.Get(Approval));
        var client = new ApprovalService.ApprovalServiceClient(context.Server);
        var approval = await context.AboutAsync(name, client.GetApprovalAsync(new() { Name = name }, context.Call));
        context.Printer.One(approval, ApprovalText.Fields(approval, context.Now));
        return ExitCodes.Ok;
    }
}
