using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>key-change</c> (RFC 8555 §7.3.5): puts the account under a new key.</summary>
internal static class KeyChangeEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var answer = await exchange.SendAsync((acme, signed, options) => acme.KeyChangeAsync(new KeyChangeRequest { Signed = signed }, options));
        return Reply.Json(StatusCodes.Status200OK, json => AcmeJson.Account(json, answer.Account)) with { Location = answer.Location };
    }
}
