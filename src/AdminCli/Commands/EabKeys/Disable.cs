using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.EabKeys;

/// <summary><c>grpcca eab-key disable ID</c></summary>
internal sealed class Disable : Verb
{
    public Disable() : base("disable", "Binds no more accounts with a key. Accounts that it bound stay, and keep the names of the key.") => Add(Key);

    public Argument<string> Key { get; } = new("id") { Description = "The key's id (kid)" };

    public override IReadOnlyList<string> Examples => ["grpcca eab-key disable guest"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.EabKeys, context.Get(Key));
        var client = new AccountService.AccountServiceClient(context.Server);
        var key = await context.AboutAsync(name, client.DisableEabKeyAsync(new() { Name = name }, context.Call));
        context.Printer.One(key, EabKeyText.Fields(key, context.Now));
        return ExitCodes.Ok;
    }
}
