using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Profiles;

/// <summary><c>grpcca profile show NAME</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One profile.") => Add(Profile);

    public Argument<string> Profile { get; } = new("name") { Description = "The profile's id" };

    public override IReadOnlyList<string> Examples => ["grpcca profile show server"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Profiles, context.Get(Profile));
        var client = new ProfileService.ProfileServiceClient(context.Server);
        var profile = await context.AboutAsync(name, client.GetProfileAsync(new() { Name = name }, context.Call));
        context.Printer.One(profile, ProfileOptions.Fields(profile));
        return ExitCodes.Ok;
    }
}
