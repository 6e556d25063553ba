using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>Serial numbers as the store writes them.</summary>
internal static class Serials
{
    public static string Of(X509Certificate2 certificate) => certificate.SerialNumber.TrimStart('0').ToLowerInvariant().PadLeft(32, '0');

    public static string Of(byte[] der)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        return Of(certificate);
    }
}
