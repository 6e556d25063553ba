using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary><c>grpcca approval approve ID</c>: what is shown is what is approved; exit code 1 when the act was refused.</summary>
internal sealed class Approve : Verb
{
    public Approve() : base("approve", "Shows what was asked and carries it out, for who asked it. Exit code 1 when it is refused under the rules of now.")
    {
        Add(Approval);
        Add(Yes);
    }

    public Argument<string> Approval { get; } = new("id") { Description = "The approval's id" };

    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask" };

    public override IReadOnlyList<string> Examples => ["grpcca approval approve 9f2c51d07ab34e68"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Approvals, context.Get(Approval));
        var client = new ApprovalService.ApprovalServiceClient(context.Server);
        var asked = await context.AboutAsync(name, client.GetApprovalAsync(new() { Name = name }, context.Call));
        if (!context.Get(Yes))
        {
            Confirmation.RequireTerminal(context);
            context.Printer.Note($"{asked.Asker} wants to {asked.Summary}");
            context.Printer.Note($"{asked.Method} {asked.RequestJson}");
            Confirmation.Typed(context, "type yes to go on: ", ["yes"]);
        }
        var done = await context.AboutAsync(name, client.ApproveApprovalAsync(new() { Name = name, RequestSha256 = asked.RequestSha256 }, context.Call));
        context.Printer.One(done, ApprovalText.Fields(done, context.Now));
        return done.State == V1.Approval.Types.State.Done ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
