using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Gateways;

/// <summary><c>grpcca gateway disable ID</c></summary>
internal sealed class Disable : Verb
{
    public Disable() : base("disable", "Refuses a gateway from its next call on and revokes its TLS certificates; 'gateway update ID --enable' takes it back.") => Add(Gateway);

    public Argument<string> Gateway { get; } = new("id") { Description = "The gateway's id" };

    public override IReadOnlyList<string> Examples => ["grpcca gateway disable home"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Gateways, context.Get(Gateway));
        var client = new GatewayService.GatewayServiceClient(context.Server);
        var gateway = await context.AboutAsync(name, client.DisableGatewayAsync(new() { Name = name }, context.Call));
        context.Printer.One(gateway, GatewayText.Fields(gateway, context.Now));
        return ExitCodes.Ok;
    }
}
