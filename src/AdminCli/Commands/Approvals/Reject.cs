using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary><c>grpcca approval reject ID</c></summary>
internal sealed class Reject : Verb
{
    public Reject() : base("reject", "Ends an approval without an act; who asked withdraws it so.")
    {
        Add(Approval);
        Add(Reason);
    }

    public Argument<string> Approval { get; } = new("id") { Description = "The approval's id" };

    public Option<string> Reason { get; } = new("--reason") { Description = "Why", HelpName = "TEXT", DefaultValueFactory = _ => "" };

    public override IReadOnlyList<string> Examples => ["grpcca approval reject 9f2c51d07ab34e68 --reason 'not that zone'"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Approvals, context.Get(Approval));
        var client = new ApprovalService.ApprovalServiceClient(context.Server);
        var ended = await context.AboutAsync(name, client.RejectApprovalAsync(new() { Name = name, Reason = context.Get(Reason) }, context.Call));
        context.Printer.One(ended, ApprovalText.Fields(ended, context.Now));
        return ExitCodes.Ok;
    }
}
