using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>challenge/{authz}/{id}</c> (RFC 8555 §7.5.1): fetches a challenge or starts its validation.</summary>
internal static class ChallengeEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var request = new PostChallengeRequest { AuthorizationId = exchange.Route.Id, ChallengeId = exchange.Route.SubId };
        var answer = await exchange.SendAsync((acme, signed, options) =>
        {
            request.Signed = signed;
            return acme.PostChallengeAsync(request, options);
        });
        return Reply.Json(StatusCodes.Status200OK, json => AcmeJson.Challenge(json, answer.Challenge)) with
        {
            RetryAfter = answer.RetryAfter,
            // RFC 8555 §7.5.1: the "up" link names the authorization.
            Links = answer.AuthorizationUrl.Length == 0 ? [] : [Reply.Link(answer.AuthorizationUrl, "up")],
        };
    }
}
