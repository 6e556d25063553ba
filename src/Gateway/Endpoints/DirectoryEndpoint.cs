using System.Text.Json;
using GrpcCa.Gateway.Acme;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>directory</c> (RFC 8555 §7.1.1): rendered from the configuration kept here, also while the control plane is away.</summary>
internal static class DirectoryEndpoint
{
    public static Task<Reply> GetAsync(AcmeExchange exchange) => Task.FromResult(Of(exchange));

    // RFC 8555 §6.3: POST-as-GET works too.
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        await exchange.SendAsync((acme, signed, options) =>
            acme.CheckFetchAsync(new CheckFetchRequest { Signed = signed, Resource = FetchedResource.Directory }, options));
        return Of(exchange);
    }

    // Declared origins times provisioners: a handful. A new configuration is a new snapshot.
    private static Reply Of(AcmeExchange exchange) =>
        exchange.Config.Directories.GetOrAdd((exchange.Origin, exchange.Route.Provisioner), static (_, exchange) => Render(exchange), exchange);

    private static Reply Render(AcmeExchange exchange) => Reply.Json(StatusCodes.Status200OK, json =>
    {
        var directory = exchange.Directory;
        json.WriteStartObject();
        json.WriteString("newNonce", exchange.Url(AcmeResource.NewNonce));
        json.WriteString("newAccount", exchange.Url(AcmeResource.NewAccount));
        json.WriteString("newOrder", exchange.Url(AcmeResource.NewOrder));
        if (directory.NewAuthorization) json.WriteString("newAuthz", exchange.Url(AcmeResource.NewAuthorization));
        json.WriteString("revokeCert", exchange.Url(AcmeResource.RevokeCert));
        if (directory.KeyChange) json.WriteString("keyChange", exchange.Url(AcmeResource.KeyChange));
        if (directory.RenewalInfo) json.WriteString("renewalInfo", exchange.Url(AcmeResource.RenewalInfo));
        Meta(json, directory);
        json.WriteEndObject();
    });

    private static void Meta(Utf8JsonWriter json, GatewayConfig.Types.DirectoryConfig directory)
    {
        if (directory.TermsOfServiceUrl.Length == 0 && directory.WebsiteUrl.Length == 0 && directory.CaaIdentities.Count == 0
            && !directory.ExternalAccountRequired && directory.Profiles.Count == 0) return;
        json.WriteStartObject("meta");
        if (directory.TermsOfServiceUrl.Length > 0) json.WriteString("termsOfService", directory.TermsOfServiceUrl);
        if (directory.WebsiteUrl.Length > 0) json.WriteString("website", directory.WebsiteUrl);
        if (directory.CaaIdentities.Count > 0)
        {
            json.WriteStartArray("caaIdentities");
            foreach (var identity in directory.CaaIdentities) json.WriteStringValue(identity);
            json.WriteEndArray();
        }
        if (directory.ExternalAccountRequired) json.WriteBoolean("externalAccountRequired", true);
        if (directory.Profiles.Count > 0)
        {
            json.WriteStartObject("profiles");
            foreach (var (id, description) in directory.Profiles.OrderBy(p => p.Key, StringComparer.Ordinal)) json.WriteString(id, description);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
