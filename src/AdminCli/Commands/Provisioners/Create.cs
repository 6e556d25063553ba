using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary><c>grpcca provisioner create ID</c></summary>
internal sealed class Create : Verb
{
    private readonly ProvisionerOptions options = new();

    public Create() : base("create", "Adds an ACME provisioner. It allows no names until 'grpcca names allow' gives it rules.")
    {
        Add(Provisioner);
        options.Authority.Required = true;
        options.Profile.Required = true;
        options.Settings.AddTo(this);
        Add(Disabled);
        Add(DryRun);
    }

    public Argument<string> Provisioner { get; } = new("id") { Description = "1 to 63 of a-z, 0-9 and hyphen, starting with a letter; a part of the directory URL" };

    public Option<bool> Disabled { get; } = new("--disabled") { Description = "Refuse every request until 'provisioner enable'" };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca provisioner create nixos --authority main --profile server",
        "grpcca provisioner create lab --authority main --profile server --offer long --challenge http-01 tls-alpn-01 --range 100.64.0.0/10 --limit orders-per-name=50",
        "grpcca provisioner create guests --authority main --profile server --external-account-required",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var dryRun = context.Get(DryRun);
        var provisioner = new Provisioner { Acme = new AcmeProvisioner(), Disabled = context.Get(Disabled) };
        // Its mask is for updates only: what is not given stays unset.
        _ = options.Settings.Apply(context, provisioner).Count();
        var made = await new ProvisionerService.ProvisionerServiceClient(context.Server).CreateProvisionerAsync(new CreateProvisionerRequest
        {
            ProvisionerId = Ids.Short(Ids.Name(ResourceName.Provisioners, context.Get(Provisioner))),
            Provisioner = provisioner,
            RequestId = dryRun ? "" : CommandContext.NewRequestId(),
            ValidateOnly = dryRun,
        }, context.Call);
        context.Printer.One(made, ProvisionerText.Fields(made));
        context.Printer.Note(dryRun ? "dry run: nothing was changed" : $"it allows no names yet: 'grpcca names allow FORM:VALUE --provisioner {Ids.Short(made.Name)}'");
        return ExitCodes.Ok;
    }
}
