using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.Protocol.Identity;

/// <summary>
/// Decides whether the other end of a TLS connection is the control plane: its certificate must chain to one of the
/// given identity roots, be for servers, and name <see cref="IdentityUri.ControlPlane"/>. That name replaces the host
/// name, so the control plane may move; no system root counts.
/// </summary>
internal sealed class PeerTrust(IReadOnlyList<byte[]> rootDers, TimeProvider time)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private volatile IReadOnlyList<byte[]> current = rootDers;

    /// <summary>The roots trusted now, DER; replaced when the identity authority rotates.</summary>
    public IReadOnlyList<byte[]> RootDers
    {
        get => current;
        set => current = value;
    }

    /// <summary>The last reason for a refusal, for the message that a failed connection leads to.</summary>
    public string? LastFault { get; private set; }

    /// <summary>The callback for <see cref="SslClientAuthenticationOptions"/>.</summary>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        LastFault = certificate is X509Certificate2 peer ? FaultOf(peer, chain?.ChainPolicy.ExtraStore) : "it showed no certificate";
        return LastFault is null;
    }

    /// <summary>Null when the certificate is the control plane's, else what is wrong with it.</summary>
    public string? FaultOf(X509Certificate2 peer, X509Certificate2Collection? others)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTime = time.GetUtcNow().UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        foreach (var der in current) policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(der));
        if (others is not null) policy.ExtraStore.AddRange(others);
        try
        {
            if (!chain.Build(peer))
                return "its certificate does not chain to the trusted identity root: " + string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()));
            // An absent extension allows every use in RFC 5280; an identity says what it is for.
            var usages = peer.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(e => e.EnhancedKeyUsages.Cast<Oid>());
            if (!usages.Any(o => string.Equals(o.Value, ServerAuthentication, StringComparison.Ordinal))) return "its certificate is not for servers";
            return IdentityUri.Read(peer).Contains(IdentityUri.ControlPlane, StringComparer.Ordinal)
                ? null
                : $"its certificate does not name {IdentityUri.ControlPlane}";
        }
        finally
        {
            foreach (var root in policy.CustomTrustStore) root.Dispose();
        }
    }
}
