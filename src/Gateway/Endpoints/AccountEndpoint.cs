using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>account/{id}</c> (RFC 8555 §7.3.2, §7.3.6): fetches, updates or deactivates an account.</summary>
internal static class AccountEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var answer = await exchange.SendAsync((acme, signed, options) =>
            acme.PostAccountAsync(new PostAccountRequest { Signed = signed, AccountId = exchange.Route.Id }, options));
        return Reply.Json(StatusCodes.Status200OK, json => AcmeJson.Account(json, answer.Account)) with { Location = answer.Location };
    }
}
