using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>new-authz</c> (RFC 8555 §7.4.1): authorization before an order.</summary>
internal static class NewAuthorizationEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var answer = await exchange.SendAsync((acme, signed, options) =>
            acme.NewAuthorizationAsync(new NewAuthorizationRequest { Signed = signed }, options));
        return Reply.Json(StatusCodes.Status201Created, json => AcmeJson.Authorization(json, answer.Authorization)) with { Location = answer.Location };
    }
}
