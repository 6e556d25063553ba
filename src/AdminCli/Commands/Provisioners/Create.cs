using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary><c>grpcca provisioner create ID</c></summary>
internal sealed class Create : Verb
{
    private readonly ProvisionerOptions options = new();

    public Create() : base("create", "Adds a provisioner. It allows no names until 'grpcca names allow' gives it rules.")
    {
        Add(Provisioner);
        Add(Kind);
        options.Authority.Required = true;
        options.Profile.Required = true;
        options.Settings.AddTo(this);
        Add(Disabled);
        Add(DryRun);
    }

    public Argument<string> Provisioner { get; } = new("id") { Description = "1 to 63 of a-z, 0-9 and hyphen, starting with a letter; a part of the directory URL" };

    public Option<string> Kind { get; } = new Option<string>("--kind")
    {
        Description = "How it knows who asks: by ACME, tokens of registered keys, an OpenID provider, foreign certificates, or possession of a key that is renewed",
        HelpName = string.Join('|', ProvisionerText.KindWords),
        DefaultValueFactory = _ => "acme",
    }.OneOf(ProvisionerText.KindWords);

    public Option<bool> Disabled { get; } = new("--disabled") { Description = "Refuse every request until 'provisioner enable'" };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca provisioner create nixos --authority main --profile server",
        "grpcca provisioner create lab --authority main --profile server --offer long --challenge http-01 tls-alpn-01 --range 100.64.0.0/10 --limit orders-per-name=50",
        "grpcca provisioner create guests --authority main --profile server --external-account-required",
        "grpcca provisioner create ci --kind token --authority main --profile default --token-key build=ci.pub --max-lifetime 24h",
        "grpcca provisioner create people --kind oidc --authority main --profile default --issuer https://id.net.gq --audience grpcca --name-template '{preferred_username}.users.net.gq'",
        "grpcca provisioner create fleet --kind x5c --authority main --profile default --roots fleet-root.crt",
        "grpcca provisioner create renew --kind renewal --authority main --profile default --renews acme ci",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var dryRun = context.Get(DryRun);
        var kind = context.Get(Kind).ToLowerInvariant();
        var provisioner = ProvisionerOptions.OfKind(kind);
        provisioner.Disabled = context.Get(Disabled);
        // Its mask is for updates; here it tells which fields are of another kind.
        var mask = new Google.Protobuf.WellKnownTypes.FieldMask();
        mask.Paths.Add(options.Settings.Apply(context, provisioner));
        _ = ProvisionerOptions.ForKind(mask, kind);
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
