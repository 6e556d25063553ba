using Grpc.Core;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands;

/// <summary>Lists the collections whose ids people choose, to suggest the one that was meant.</summary>
internal static class KnownResources
{
    private const int Enough = 1000;

    /// <summary>The id closest to that of the resource; null when none is close or the list may not be read.</summary>
    public static async Task<string?> ClosestAsync(CommandContext context, string resource)
    {
        var slash = resource.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return null;
        try
        {
            var names = await NamesAsync(context, resource[..slash]);
            return Suggestions.Closest(resource[(slash + 1)..], names.Select(n => n[(n.IndexOf('/', StringComparison.Ordinal) + 1)..]));
        }
        catch (RpcException)
        {
            // A suggestion is a courtesy: the failure that asked for it is the one to report.
            return null;
        }
    }

    private static async Task<IEnumerable<string>> NamesAsync(CommandContext context, string collection)
    {
        var server = context.Server;
        return collection switch
        {
            ResourceName.Provisioners => (await new ProvisionerService.ProvisionerServiceClient(server)
                .ListProvisionersAsync(new() { PageSize = Enough }, context.Call)).Provisioners.Select(p => p.Name),
            ResourceName.Profiles => (await new ProfileService.ProfileServiceClient(server)
                .ListProfilesAsync(new() { PageSize = Enough }, context.Call)).Profiles.Select(p => p.Name),
            ResourceName.Authorities => (await new AuthorityService.AuthorityServiceClient(server)
                .ListAuthoritiesAsync(new() { PageSize = Enough }, context.Call)).Authorities.Select(a => a.Name),
            ResourceName.Gateways => (await new GatewayService.GatewayServiceClient(server)
                .ListGatewaysAsync(new() { PageSize = Enough }, context.Call)).Gateways.Select(g => g.Name),
            ResourceName.Operators => (await new OperatorService.OperatorServiceClient(server)
                .ListOperatorsAsync(new() { PageSize = Enough }, context.Call)).Operators.Select(o => o.Name),
            _ => [],
        };
    }
}
