using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>new-account</c> (RFC 8555 §7.3): creates an account or finds the one of the key.</summary>
internal static class NewAccountEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var answer = await exchange.SendAsync((acme, signed, options) => acme.NewAccountAsync(new NewAccountRequest { Signed = signed }, options));
        var status = answer.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return Reply.Json(status, json => AcmeJson.Account(json, answer.Account)) with { Location = answer.Location };
    }
}
