using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Profiles;

/// <summary><c>grpcca profile list</c></summary>
internal sealed class List() : ListVerb<Profile>("All profiles.")
{
    public override IReadOnlyList<string> Examples => ["grpcca profile list"];

    protected override string Member => "profiles";

    protected override IReadOnlyList<Column<Profile>> Columns(CommandContext context) =>
    [
        new("Profile", p => Ids.Short(p.Name)),
        new("Lifetime", p => Cell.Of(p.Lifetime, Cell.Nothing)),
        new("Usages", p => Cell.Of(p.ExtendedKeyUsages), Wraps: true),
        new("Keys", p => Cell.Of(p.KeyTypes), Wraps: true),
        new("Description", p => p.Description, Wraps: true),
    ];

    protected override Func<int, string, Task<Page<Profile>>> Fetch(CommandContext context)
    {
        var client = new ProfileService.ProfileServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListProfilesAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.Profiles, page.NextPageToken);
        };
    }
}
