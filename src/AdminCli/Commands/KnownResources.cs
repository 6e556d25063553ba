using Grpc.Core;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands;

/// <summary>Lists collections: to suggest the id that was meant, and to complete the one that is being written.</summary>
internal static class KnownResources
{
    private const int Enough = 1000;

    // Random ids have no neighbours worth a suggestion.
    private static readonly string[] Chosen =
        [ResourceName.Provisioners, ResourceName.Profiles, ResourceName.Authorities, ResourceName.Gateways, ResourceName.Operators, ResourceName.EabKeys, ResourceName.Crls, ResourceName.Webhooks];

    /// <summary>The id closest to that of the resource; null when none is close or the list may not be read.</summary>
    public static async Task<string?> ClosestAsync(CommandContext context, string resource)
    {
        var slash = resource.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !Chosen.Contains(resource[..slash])) return null;
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

    /// <summary>The resource names of a collection, as far as a page goes.</summary>
    public static async Task<IEnumerable<string>> NamesAsync(CommandContext context, string collection)
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
            ResourceName.Crls => (await new TrustService.TrustServiceClient(server).ListCrlsAsync(new(), context.Call)).Crls.Select(c => c.Name),
            ResourceName.Gateways => (await new GatewayService.GatewayServiceClient(server)
                .ListGatewaysAsync(new() { PageSize = Enough }, context.Call)).Gateways.Select(g => g.Name),
            ResourceName.Operators => (await new OperatorService.OperatorServiceClient(server)
                .ListOperatorsAsync(new() { PageSize = Enough }, context.Call)).Operators.Select(o => o.Name),
            ResourceName.EabKeys => (await new AccountService.AccountServiceClient(server)
                .ListEabKeysAsync(new() { PageSize = Enough }, context.Call)).EabKeys.Select(k => k.Name),
            ResourceName.Webhooks => (await new WebhookService.WebhookServiceClient(server)
                .ListWebhooksAsync(new() { PageSize = Enough }, context.Call)).Webhooks.Select(w => w.Name),
            ResourceName.Accounts => (await new AccountService.AccountServiceClient(server)
                .ListAccountsAsync(new() { PageSize = Enough }, context.Call)).Accounts.Select(a => a.Name),
            ResourceName.NameRules => (await new NameService.NameServiceClient(server)
                .ListNameRulesAsync(new() { PageSize = Enough }, context.Call)).NameRules.Select(r => r.Name),
            ResourceName.Orders => (await new OrderService.OrderServiceClient(server)
                .ListOrdersAsync(new() { PageSize = Enough }, context.Call)).Orders.Select(o => o.Name),
            ResourceName.Certificates => (await new CertificateService.CertificateServiceClient(server)
                .ListCertificatesAsync(new() { PageSize = Enough }, context.Call)).Certificates.Select(c => c.Name),
            _ => [],
        };
    }
}
