using GrpcCa.Gateway.Acme;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>renewal-info/{id}</c> (RFC 9773 §4.2): when to renew; anybody may ask.</summary>
internal static class RenewalInfoEndpoint
{
    public static async Task<Reply> GetAsync(AcmeExchange exchange)
    {
        var answer = await exchange.AskAsync((acme, options) => acme.GetRenewalInfoAsync(new GetRenewalInfoRequest
        {
            Provisioner = ResourceName.Of(ResourceName.Provisioners, exchange.Route.Provisioner),
            CertificateId = exchange.Route.Id,
        }, options));
        return Reply.Json(StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("suggestedWindow");
            AcmeJson.Time(json, "start", answer.WindowStart);
            AcmeJson.Time(json, "end", answer.WindowEnd);
            json.WriteEndObject();
            if (answer.ExplanationUrl.Length > 0) json.WriteString("explanationURL", answer.ExplanationUrl);
            json.WriteEndObject();
        }) with { RetryAfter = answer.RetryAfter };
    }
}
