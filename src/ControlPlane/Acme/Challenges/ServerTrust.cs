using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>
/// Whether the certificate of a server that we call is good: by roots that somebody named for it, or else by the system's or
/// this CA's own, since most servers are inside the network that it serves. Made for one connection.
/// </summary>
internal sealed class ServerTrust : IDisposable
{
    // serverAuth (RFC 5280 §4.2.1.12).
    private static readonly System.Security.Cryptography.Oid ServerAuth = new("1.3.6.1.5.5.7.3.1");

    private readonly ImmutableArray<X509Certificate2> roots;
    private readonly bool withSystem;

    /// <param name="roots">DER of the roots that were named, or of this CA's.</param>
    /// <param name="withSystem">Whether the system's count as well.</param>
    /// <param name="now">For the validity of certificates.</param>
    public ServerTrust(IEnumerable<byte[]> roots, bool withSystem, DateTimeOffset now)
    {
        this.withSystem = withSystem;
        this.roots = [.. roots.Select(X509CertificateLoader.LoadCertificate)];
        Options = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = Policy(now, withSystem ? [] : this.roots),
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsGood(certificate as X509Certificate2, chain, errors, now),
            AllowRenegotiation = false,
        };
    }

    public SslClientAuthenticationOptions Options { get; }

    /// <summary>Why the certificate was refused; null when it was not.</summary>
    public string? Fault { get; private set; }

    public void Dispose()
    {
        foreach (var root in roots) root.Dispose();
    }

    private bool IsGood(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, DateTimeOffset now)
    {
        Fault = certificate is null ? "it has no certificate"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "its certificate is for other names"
            : !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? null
            : withSystem && LeadsToOwnRoot(certificate, chain, now) ? null
            : $"its certificate leads to no root that is trusted ({(withSystem ? "the system's, this CA's" : "those named for it")}): {Say(chain)}";
        return Fault is null;
    }

    private bool LeadsToOwnRoot(X509Certificate2 certificate, X509Chain? presented, DateTimeOffset now)
    {
        using var chain = new X509Chain { ChainPolicy = Policy(now, roots) };
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        var good = chain.Build(certificate);
        foreach (var element in chain.ChainElements) element.Certificate.Dispose();
        return good;
    }

    private static X509ChainPolicy Policy(DateTimeOffset now, ImmutableArray<X509Certificate2> roots)
    {
        var policy = new X509ChainPolicy
        {
            // Nothing in a certificate is followed: issuers come with the handshake.
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
            VerificationTime = now.UtcDateTime,
        };
        policy.ApplicationPolicy.Add(ServerAuth);
        if (roots.IsEmpty) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        foreach (var root in roots) policy.CustomTrustStore.Add(root);
        return policy;
    }

    private static string Say(X509Chain? chain) => chain is null
        ? "there is no chain"
        : string.Join(", ", chain.ChainStatus.Select(s => s.Status).Distinct().Where(s => s != X509ChainStatusFlags.NoError));
}
