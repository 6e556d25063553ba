using System.Collections.Immutable;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>The URLs an account is known by: one below every origin of the provisioner, the current ones first.</summary>
internal sealed class AccountUrls(GatewayBook gateways)
{
    public async ValueTask<ImmutableArray<string>> OfAsync(string provisionerId, string accountId, CancellationToken cancellationToken)
    {
        var all = (await gateways.CurrentAsync(cancellationToken)).All.Where(gateway => gateway.MayServe(provisionerId)).ToList();
        var path = new AcmeRoute(AcmeResource.Account, provisionerId, accountId).Path;
        // A record that was written while a base URL was in use keeps its meaning after that URL has retired.
        return [.. all.SelectMany(gateway => gateway.BaseUrls).Concat(all.SelectMany(gateway => gateway.RetiredBaseUrls))
            .Distinct(StringComparer.Ordinal).Select(origin => origin + path)];
    }
}
