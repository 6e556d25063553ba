using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Profiles;

/// <summary><c>grpcca profile create ID</c></summary>
internal sealed class Create : Verb
{
    private readonly ProfileOptions options = new();

    public Create() : base("create", "Adds a profile.")
    {
        Add(Profile);
        options.Lifetime.DefaultValueFactory = _ => TimeSpan.FromHours(24);
        options.Usages.DefaultValueFactory = _ => ["serverAuth"];
        options.KeyTypes.DefaultValueFactory = _ => ["EC_P256", "EC_P384", "RSA"];
        options.Settings.AddTo(this);
        Add(DryRun);
    }

    public Argument<string> Profile { get; } = new("id") { Description = "1 to 63 of a-z, 0-9 and hyphen, starting with a letter" };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca profile create long --lifetime 90d --usage serverAuth clientAuth --key-type EC_P256 RSA",
        "grpcca profile create hour --lifetime 1h --no-revocation-pointers --dry-run",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var dryRun = context.Get(DryRun);
        var profile = new Profile { Lifetime = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(context.Get(options.Lifetime)) };
        // Its mask is for updates only: what is not given stays unset.
        _ = options.Settings.Apply(context, profile).Count();
        if (!context.Has(options.Usages)) profile.ExtendedKeyUsages.Add(context.Get(options.Usages));
        if (!context.Has(options.KeyTypes)) profile.KeyTypes.Add(context.Get(options.KeyTypes));
        var made = await new ProfileService.ProfileServiceClient(context.Server).CreateProfileAsync(new CreateProfileRequest
        {
            ProfileId = Ids.Short(Ids.Name(ResourceName.Profiles, context.Get(Profile))),
            Profile = profile,
            RequestId = dryRun ? "" : CommandContext.NewRequestId(),
            ValidateOnly = dryRun,
        }, context.Call);
        context.Printer.One(made, ProfileOptions.Fields(made));
        if (dryRun) context.Printer.Note("dry run: nothing was changed");
        return ExitCodes.Ok;
    }
}
