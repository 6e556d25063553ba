using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>account/{id}/orders</c> (RFC 8555 §7.1.2.1): a page of the account's orders.</summary>
internal static class AccountOrdersEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var answer = await exchange.SendAsync((acme, signed, options) =>
            acme.PostAccountOrdersAsync(new PostAccountOrdersRequest { Signed = signed, AccountId = exchange.Route.Id, Cursor = exchange.Route.SubId }, options));
        return Reply.Json(StatusCodes.Status200OK, json => AcmeJson.Orders(json, answer.Orders)) with
        {
            Links = answer.NextUrl.Length == 0 ? [] : [Reply.Link(answer.NextUrl, "next")],
        };
    }
}
