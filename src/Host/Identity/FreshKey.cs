using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.Protocol.Identity;

namespace GrpcCa.Host.Identity;

/// <summary>A P-256 key made here, with the request that proves its possession; the key never leaves this host.</summary>
internal sealed class FreshKey : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>PKCS#10 with an empty subject: only the key of a request is used.</summary>
    public byte[] SigningRequest() => new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256).CreateSigningRequest();

    /// <summary>The certificate joined with this key.</summary>
    /// <exception cref="IdentityException">The certificate is for another key.</exception>
    public X509Certificate2 Join(byte[] certificateDer)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(certificateDer);
            return certificate.CopyWithPrivateKey(key);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException or InvalidOperationException)
        {
            throw new IdentityException("the control plane answered with a certificate that is not for the key of the request", fault);
        }
    }

    /// <summary>Key and certificates in one text, so that they are replaced together or not at all.</summary>
    public string ToPem(IEnumerable<byte[]> certificateDers) =>
        key.ExportPkcs8PrivateKeyPem() + "\n" + string.Concat(certificateDers.Select(der => PemEncoding.WriteString("CERTIFICATE", der) + "\n"));

    public void Dispose() => key.Dispose();
}
