using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>new-order</c> (RFC 8555 §7.4): asks for a certificate.</summary>
internal static class NewOrderEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var answer = await exchange.SendAsync((acme, signed, options) => acme.NewOrderAsync(new NewOrderRequest { Signed = signed }, options));
        return Reply.Json(StatusCodes.Status201Created, json => AcmeJson.Order(json, answer.Order)) with { Location = answer.Location };
    }
}
