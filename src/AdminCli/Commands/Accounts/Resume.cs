using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Accounts;

/// <summary><c>grpcca account resume ID</c></summary>
internal sealed class Resume : Verb
{
    public Resume() : base("resume", "Lets a paused account ask for certificates again.") => Add(Account);

    public Argument<string> Account { get; } = new("id") { Description = "The account's id" };

    public override IReadOnlyList<string> Examples => ["grpcca account resume Zt0vXyq1cH3bqk2n9u5fXw"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Accounts, context.Get(Account));
        var client = new AccountService.AccountServiceClient(context.Server);
        var resumed = await context.AboutAsync(name, client.ResumeAccountAsync(new() { Name = name }, context.Call));
        context.Printer.One(resumed, AccountText.Fields(resumed));
        return ExitCodes.Ok;
    }
}
