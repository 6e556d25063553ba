using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>The first and the last second of a certificate (RFC 5280 §4.1.2.5), in UTC.</summary>
internal readonly record struct ValidityPeriod(DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>Of a certificate that is ours.</summary>
    public static ValidityPeriod Of(byte[] certificateDer)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(certificateDer);
        return Of(certificate);
    }

    public static ValidityPeriod Of(X509Certificate2 certificate) =>
        new(new DateTimeOffset(certificate.NotBefore.ToUniversalTime()), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));

    /// <summary>Cuts another period to what lies inside this one.</summary>
    public ValidityPeriod Clamp(DateTimeOffset notBefore, DateTimeOffset notAfter) =>
        new(notBefore < NotBefore ? NotBefore : notBefore, notAfter > NotAfter ? NotAfter : notAfter);
}
