using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.EabKeys;

/// <summary><c>grpcca eab-key show ID</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One EAB key, without its MAC key.") => Add(Key);

    public Argument<string> Key { get; } = new("id") { Description = "The key's id (kid)" };

    public override IReadOnlyList<string> Examples => ["grpcca eab-key show guest"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.EabKeys, context.Get(Key));
        var client = new AccountService.AccountServiceClient(context.Server);
        var key = await context.AboutAsync(name, client.GetEabKeyAsync(new() { Name = name }, context.Call));
        context.Printer.One(key, EabKeyText.Fields(key, context.Now));
        return ExitCodes.Ok;
    }
}
