using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary><c>grpcca provisioner list</c></summary>
internal sealed class List() : ListVerb<Provisioner>("All provisioners.")
{
    public static readonly IReadOnlyList<Column<Provisioner>> Shown =
    [
        new("Provisioner", p => Ids.Short(p.Name)),
        new("Kind", p => ProvisionerText.Kind(p)),
        new("State", p => ProvisionerText.State(p)),
        new("Authority", p => Ids.Short(p.Authority)),
        new("Profile", p => Ids.Short(p.DefaultProfile)),
        new("Further profiles", p => Cell.Of(p.Profiles.Select(Ids.Short)), WideOnly: true),
        new("Challenges", p => p.Acme is { } acme ? Cell.Of(acme.Challenges, "http-01") : "", WideOnly: true),
        new("Description", p => p.DisplayName, Wraps: true),
    ];

    public override IReadOnlyList<string> Examples => ["grpcca provisioner list", "grpcca provisioner list --output json"];

    protected override string Member => "provisioners";

    protected override IReadOnlyList<Column<Provisioner>> Columns(CommandContext context) => Shown;

    protected override Func<int, string, Task<Page<Provisioner>>> Fetch(CommandContext context)
    {
        var client = new ProvisionerService.ProvisionerServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListProvisionersAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.Provisioners, page.NextPageToken);
        };
    }
}
