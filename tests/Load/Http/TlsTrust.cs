using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.Load.Http;

/// <summary>Accepts servers below the given roots, or every server when no root is given.</summary>
internal sealed class TlsTrust
{
    private readonly X509Certificate2Collection roots = [];

    public TlsTrust(string? rootsFile)
    {
        if (rootsFile is not null) roots.ImportFromPemFile(rootsFile);
    }

    public SslClientAuthenticationOptions OptionsFor(string host) => new()
    {
        TargetHost = host,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        CertificateChainPolicy = Policy(),
        RemoteCertificateValidationCallback = roots.Count == 0 ? (_, _, _, _) => true : null,
    };

    private X509ChainPolicy Policy()
    {
        // What a server does not send is not fetched: that would wait, on the thread that everybody waits for.
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (roots.Count > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(roots);
        }
        return policy;
    }
}
