using System.CommandLine;
using GrpcCa.AdminCli.Commands.Fields;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Profiles;

/// <summary><c>grpcca profile update ID</c>: only the fields that are given.</summary>
internal sealed class Update : Verb
{
    private readonly UpdateOptions<Profile> options;

    public Update() : base("update", "Changes a profile; certificates issued from then on follow it. A list that is given replaces the old one.")
    {
        options = new(new ProfileOptions().Settings);
        Add(Profile);
        options.AddTo(this);
    }

    public Argument<string> Profile { get; } = new("id") { Description = "The profile's id" };

    public override IReadOnlyList<string> Examples => ["grpcca profile update server --lifetime 48h", "grpcca profile update server --key-type EC_P256 --clear backdate"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Profiles, context.Get(Profile));
        var client = new ProfileService.ProfileServiceClient(context.Server);
        var etag = context.Get(options.Etag) ?? (await context.AboutAsync(name, client.GetProfileAsync(new() { Name = name }, context.Call))).Etag;
        var next = new Profile { Name = name, Etag = etag };
        var mask = options.Mask(context, next);
        var changed = await context.AboutAsync(name, client.UpdateProfileAsync(new() { Profile = next, UpdateMask = mask }, context.Call));
        context.Printer.One(changed, ProfileOptions.Fields(changed));
        return ExitCodes.Ok;
    }
}
