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

    public bool Check(object sender, X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (roots.Count == 0) return true;
        if (certificate is not X509Certificate2 leaf || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(leaf);
    }
}
