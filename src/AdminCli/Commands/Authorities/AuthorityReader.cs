using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary>Reads all issuers of an authority.</summary>
internal static class AuthorityReader
{
    public static Task<List<Issuer>> IssuersAsync(CommandContext context, string authority)
    {
        var client = new AuthorityService.AuthorityServiceClient(context.Server);
        return new PagedList<Issuer>(async (size, token) =>
        {
            var page = await client.ListIssuersAsync(new() { Parent = authority, PageSize = size, PageToken = token }, context.Call);
            return new(page.Issuers, page.NextPageToken);
        }, int.MaxValue).ToListAsync();
    }
}
