using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary><c>grpcca provisioner show NAME</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One provisioner, with how it validates.") => Add(Provisioner);

    public Argument<string> Provisioner { get; } = new("name") { Description = "The provisioner's id" };

    public override IReadOnlyList<string> Examples => ["grpcca provisioner show acme", "grpcca provisioner show nixos -o json"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Provisioners, context.Get(Provisioner));
        var client = new ProvisionerService.ProvisionerServiceClient(context.Server);
        var provisioner = await context.AboutAsync(name, client.GetProvisionerAsync(new() { Name = name }, context.Call));
        context.Printer.One(provisioner, ProvisionerText.Fields(provisioner));
        return ExitCodes.Ok;
    }
}
