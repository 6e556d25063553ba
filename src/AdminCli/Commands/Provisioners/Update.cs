using System.CommandLine;
using GrpcCa.AdminCli.Commands.Fields;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary><c>grpcca provisioner update ID</c>: only the fields that are given.</summary>
internal sealed class Update : Verb
{
    private readonly UpdateOptions<Provisioner> options;

    public Update() : base("update", "Changes a provisioner: only the fields that are given. A list that is given replaces the old one; limits change one by one.")
    {
        options = new(new ProvisionerOptions().Settings);
        Add(Provisioner);
        options.AddTo(this);
    }

    public Argument<string> Provisioner { get; } = new("id") { Description = "The provisioner's id" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca provisioner update acme --challenge http-01 tls-alpn-01 --caa check --caa-identity ca.net.gq",
        "grpcca provisioner update acme --limit orders=600 orders-per-name=50",
        "grpcca provisioner update acme --clear http01-port range",
        "grpcca provisioner update ci --token-key build=ci.pub next=ci-next.pub --max-lifetime 12h",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Provisioners, context.Get(Provisioner));
        var client = new ProvisionerService.ProvisionerServiceClient(context.Server);
        var now = await context.AboutAsync(name, client.GetProvisionerAsync(new() { Name = name }, context.Call));
        var kind = ProvisionerText.Kind(now).Text;
        var next = ProvisionerOptions.OfKind(kind);
        (next.Name, next.Etag) = (now.Name, context.Get(options.Etag) ?? now.Etag);
        // Limits are one field of the mask: those that are not named stay by being sent again.
        if (!options.Clears(context, "limit")) next.Acme?.Limits = now.Acme?.Limits;
        var mask = ProvisionerOptions.ForKind(options.Mask(context, next), kind);
        var changed = await context.AboutAsync(name, client.UpdateProvisionerAsync(new() { Provisioner = next, UpdateMask = mask }, context.Call));
        context.Printer.One(changed, ProvisionerText.Fields(changed));
        return ExitCodes.Ok;
    }
}
