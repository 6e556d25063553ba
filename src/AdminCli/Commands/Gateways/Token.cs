using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Gateways;

/// <summary><c>grpcca gateway token ID</c></summary>
internal sealed class Token : Verb
{
    public Token() : base("token", "Prints a new one-time join token, alone on the last line; those before it are void.") => Add(Gateway);

    public Argument<string> Gateway { get; } = new("id") { Description = "The gateway's id" };

    public override IReadOnlyList<string> Examples => ["grpcca gateway token home", "grpcca gateway token home | tail -n 1 > join.token"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Gateways, context.Get(Gateway));
        var client = new GatewayService.GatewayServiceClient(context.Server);
        var token = await context.AboutAsync(name, client.CreateJoinTokenAsync(new() { Gateway = name }, context.Call));
        if (context.Printer.IsDocument) context.Printer.Document(JsonText.Of(token));
        else
        {
            context.Printer.Note($"join token for {Ids.Short(name)}, good once, until {When.FormatWithDistance(token.ExpireTime, context.Now)}:");
            context.Printer.Line(token.JoinToken);
        }
        return ExitCodes.Ok;
    }
}
