using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Accounts;

/// <summary><c>grpcca account pause ID --message TEXT</c></summary>
internal sealed class Pause : Verb
{
    public Pause() : base("pause", "Refuses an account new certificates, with a message that its client shows, until 'account resume'.")
    {
        Add(Account);
        Add(Message);
    }

    public Argument<string> Account { get; } = new("id") { Description = "The account's id" };

    public Option<string> Message { get; } = new("--message", "-m") { Description = "What the owner of the account is told", HelpName = "TEXT", Required = true };

    public override IReadOnlyList<string> Examples => ["grpcca account pause Zt0vXyq1cH3bqk2n9u5fXw --message 'too many orders; write to ca@net.gq'"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Accounts, context.Get(Account));
        var client = new AccountService.AccountServiceClient(context.Server);
        var paused = await context.AboutAsync(name, client.PauseAccountAsync(new() { Name = name, Message = context.Get(Message) }, context.Call));
        context.Printer.One(paused, AccountText.Fields(paused));
        return ExitCodes.Ok;
    }
}
