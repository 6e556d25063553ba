using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary><c>grpcca authority list</c></summary>
internal sealed class List() : ListVerb<Authority>("All authorities: those that issue for names, and the one of identities.")
{
    public override IReadOnlyList<string> Examples => ["grpcca authority list"];

    protected override string Member => "authorities";

    protected override IReadOnlyList<Column<Authority>> Columns(CommandContext context) => AuthorityText.Columns(context.Now);

    protected override Func<int, string, Task<Page<Authority>>> Fetch(CommandContext context) => Pages(context);

    public static Func<int, string, Task<Page<Authority>>> Pages(CommandContext context)
    {
        var client = new AuthorityService.AuthorityServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListAuthoritiesAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.Authorities, page.NextPageToken);
        };
    }
}
