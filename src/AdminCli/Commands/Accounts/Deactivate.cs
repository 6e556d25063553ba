using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Accounts;

/// <summary><c>grpcca account deactivate ID</c>: asks a person to type the id, a script to say --yes.</summary>
internal sealed class Deactivate : Verb
{
    private const int TypedCharacters = 8;

    public Deactivate() : base("deactivate", "Ends an account for ever; its key makes no new one. Its certificates stay valid: 'certificate revoke --account ID'.")
    {
        Add(Account);
        Add(Yes);
    }

    public Argument<string> Account { get; } = new("id") { Description = "The account's id" };

    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask" };

    public override IReadOnlyList<string> Examples => ["grpcca account deactivate Zt0vXyq1cH3bqk2n9u5fXw", "grpcca account deactivate Zt0vXyq1cH3bqk2n9u5fXw --yes"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Accounts, context.Get(Account));
        var client = new AccountService.AccountServiceClient(context.Server);
        if (!context.Get(Yes))
        {
            Confirmation.RequireTerminal(context);
            var account = await context.AboutAsync(name, client.GetAccountAsync(new() { Name = name }, context.Call));
            var id = Ids.Short(name);
            var head = id[..Math.Min(TypedCharacters, id.Length)];
            context.Printer.Note($"deactivate the account {id} of {Ids.Short(account.Provisioner)} ({string.Join(", ", account.Contacts)}); this cannot be undone");
            Confirmation.Typed(context, $"type {head} to go on: ", [head, id]);
        }
        var ended = await context.AboutAsync(name, client.DeactivateAccountAsync(new() { Name = name }, context.Call));
        context.Printer.One(ended, AccountText.Fields(ended));
        return ExitCodes.Ok;
    }
}
