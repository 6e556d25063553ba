using GrpcCa.Gateway.Acme;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Endpoints;

/// <summary><c>certificate/{id}</c> and <c>certificate/{id}/{n}</c> (RFC 8555 §7.4.2): downloads a chain.</summary>
internal static class CertificateEndpoint
{
    public static async Task<Reply> PostAsync(AcmeExchange exchange)
    {
        var (id, alternate) = (exchange.Route.Id, exchange.Route.SubId);
        var answer = await exchange.SendAsync((acme, signed, options) => acme.PostCertificateAsync(
            new PostCertificateRequest { Signed = signed, CertificateId = alternate.Length == 0 ? id : $"{id}/{alternate}" }, options));
        return Reply.Text(StatusCodes.Status200OK, answer.PemChain, "application/pem-certificate-chain") with
        {
            Links = [.. answer.AlternateUrls.Select(url => Reply.Link(url, "alternate"))],
        };
    }
}
