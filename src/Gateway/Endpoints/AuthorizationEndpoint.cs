using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>authz/{id}</c> (RFC 8555 §7.5, §7.5.2): fetches or deactivates an authorization.</summary>
internal static class AuthorizationEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var answer = await exchange.SendAsync((acme, signed, options) =>
            acme.PostAuthorizationAsync(new PostAuthorizationRequest { Signed = signed, AuthorizationId = exchange.Route.Id }, options));
        return Reply.Json(StatusCodes.Status200OK, json => AcmeJson.Authorization(json, answer.Authorization)) with { RetryAfter = answer.RetryAfter };
    }
}
