using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary><c>grpcca provisioner enable ID</c> and <c>disable ID</c>.</summary>
internal sealed class Switch : Verb
{
    private readonly bool disabled;

    private Switch(string name, string description, bool disabled) : base(name, description)
    {
        this.disabled = disabled;
        Add(Provisioner);
    }

    public static Switch Enable() => new("enable", "Answers requests of a provisioner again.", disabled: false);

    public static Switch Disable() => new("disable", "Refuses every request to a provisioner, until 'provisioner enable'. Its certificates stay valid.", disabled: true);

    public Argument<string> Provisioner { get; } = new("id") { Description = "The provisioner's id" };

    public override IReadOnlyList<string> Examples => [$"grpcca provisioner {Name} acme"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Provisioners, context.Get(Provisioner));
        var client = new ProvisionerService.ProvisionerServiceClient(context.Server);
        // Whatever else somebody changes meanwhile, the switch is meant: no etag.
        var changed = await context.AboutAsync(name, client.UpdateProvisionerAsync(new UpdateProvisionerRequest
        {
            Provisioner = new Provisioner { Name = name, Disabled = disabled },
            UpdateMask = new() { Paths = { "disabled" } },
        }, context.Call));
        context.Printer.One(changed, ProvisionerText.Fields(changed));
        return ExitCodes.Ok;
    }
}
