using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Authorities;

namespace GrpcCa.ControlPlane.Access;

/// <summary>
/// The TLS handshake's word on client certificates: only what hangs below an identity root passes. A certificate of
/// the issuing hierarchy, which anybody can get by ACME, ends the handshake.
/// </summary>
internal sealed class IdentityTrust(IdentityAuthority authority, TimeProvider time)
{
    private const string ExtendedKeyUsage = "2.5.29.37";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>The check for one new connection, with the roots (active and retiring) as they are now.</summary>
    public async ValueTask<RemoteCertificateValidationCallback> ForConnectionAsync(CancellationToken cancellationToken)
    {
        var roots = await authority.RootsAsync(cancellationToken);
        return (_, certificate, _, _) => certificate switch
        {
            // Enrolment and what is public need none; AccessRules decide later.
            null => true,
            X509Certificate2 full => Accepts(full, roots, time.GetUtcNow()),
            _ => false,
        };
    }

    /// <summary>Whether the certificate hangs below one of these roots, is in its time, and is made for TLS clients.</summary>
    public static bool Accepts(X509Certificate2 certificate, IReadOnlyList<byte[]> roots, DateTimeOffset now)
    {
        if (!IsForClients(certificate) || !IdentityUri.TryRead(certificate, out _)) return false;
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = now.UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        foreach (var root in roots) policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(root));
        try
        {
            return chain.Build(certificate);
        }
        finally
        {
            foreach (var element in chain.ChainElements) element.Certificate.Dispose();
            foreach (var root in policy.CustomTrustStore) root.Dispose();
        }
    }

    // The platform takes a certificate without the extension for good at anything.
    private static bool IsForClients(X509Certificate2 certificate)
    {
        foreach (var extension in certificate.Extensions)
        {
            if (extension.Oid?.Value != ExtendedKeyUsage || extension is not X509EnhancedKeyUsageExtension usage) continue;
            foreach (var oid in usage.EnhancedKeyUsages)
                if (oid.Value == ClientAuthentication) return true;
        }
        return false;
    }
}
