using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>order/{id}</c> (RFC 8555 §7.4): where an order stands.</summary>
internal static class OrderEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var answer = await exchange.SendAsync((acme, signed, options) =>
            acme.PostOrderAsync(new PostOrderRequest { Signed = signed, OrderId = exchange.Route.Id }, options));
        return Reply.Json(StatusCodes.Status200OK, json => AcmeJson.Order(json, answer.Order)) with { Location = answer.Location, RetryAfter = answer.RetryAfter };
    }
}
