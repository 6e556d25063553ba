using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>new-nonce</c> (RFC 8555 §7.2): a nonce from the stock.</summary>
internal static class NewNonceEndpoint
{
    public static async Task<Reply> GetAsync(AcmeExchange exchange)
    {
        if (await exchange.Nonces.TakeAsync() is not { } nonce) throw new NonceShortageException();
        exchange.Request.HttpContext.Response.Headers["Replay-Nonce"] = nonce;
        return new Reply(HttpMethods.IsHead(exchange.Request.Method) ? StatusCodes.Status200OK : StatusCodes.Status204NoContent);
    }

    // RFC 8555 §6.3: POST-as-GET works too; the pipeline adds the nonce.
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        await exchange.SendAsync((acme, signed, options) =>
            acme.CheckFetchAsync(new CheckFetchRequest { Signed = signed, Resource = FetchedResource.NewNonce }, options));
        return new Reply(StatusCodes.Status204NoContent);
    }
}
