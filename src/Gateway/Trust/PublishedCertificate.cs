using System.Security.Cryptography;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Trust;

/// <summary>A CA certificate that anyone may fetch, in both encodings.</summary>
/// <param name="Der">DER.</param>
/// <param name="Pem">PEM with a final line end.</param>
/// <param name="Sha256">Worked out here, lower-case hex.</param>
internal sealed record PublishedCertificate(byte[] Der, string Pem, string Sha256)
{
    public static PublishedCertificate From(GatewayConfig.Types.PublishedCertificate published)
    {
        var der = published.Der.ToByteArray();
        return new(der, PemEncoding.WriteString("CERTIFICATE", der) + "\n", Convert.ToHexStringLower(SHA256.HashData(der)));
    }
}
