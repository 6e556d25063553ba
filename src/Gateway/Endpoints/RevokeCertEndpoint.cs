using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>revoke-cert</c> (RFC 8555 §7.6).</summary>
internal static class RevokeCertEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        await exchange.SendAsync((acme, signed, options) => acme.RevokeCertAsync(new RevokeCertRequest { Signed = signed }, options));
        return new Reply(StatusCodes.Status200OK);
    }
}
