using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Accounts;

/// <summary><c>grpcca account show ID</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One ACME account.") => Add(Account);

    public Argument<string> Account { get; } = new("id") { Description = "The account's id" };

    public override IReadOnlyList<string> Examples => ["grpcca account show Zt0vXyq1cH3bqk2n9u5fXw"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Accounts, context.Get(Account));
        var client = new AccountService.AccountServiceClient(context.Server);
        var account = await context.AboutAsync(name, client.GetAccountAsync(new() { Name = name }, context.Call));
        context.Printer.One(account, AccountText.Fields(account));
        return ExitCodes.Ok;
    }
}
