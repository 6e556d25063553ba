using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.Gateway.Trust;

namespace GrpcCa.Gateway.Enrollment;

/// <summary>The gateway's own TLS certificate with its chain, ready for handshakes; immutable.</summary>
internal sealed class TlsCertificate
{
    private TlsCertificate(X509Certificate2 leaf, X509Certificate2Collection issuers, IEnumerable<PublishedCertificate> roots)
    {
        Leaf = leaf;
        // With the root at hand the chain is complete, so that all intermediates are sent and the root is not.
        var others = new X509Certificate2Collection(issuers);
        foreach (var root in roots) others.Add(X509CertificateLoader.LoadCertificate(root.Der));
        Context = SslStreamCertificateContext.Create(leaf, others, offline: true);
        var alternatives = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        Names = (alternatives?.EnumerateDnsNames() ?? []).Concat((alternatives?.EnumerateIPAddresses() ?? []).Select(a => a.ToString()))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        NotBefore = new(leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero);
        NotAfter = new(leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero);
    }

    public X509Certificate2 Leaf { get; }

    public SslStreamCertificateContext Context { get; }

    public IReadOnlySet<string> Names { get; }

    public DateTimeOffset NotBefore { get; }

    public DateTimeOffset NotAfter { get; }

    public DateTimeOffset RenewAt => NotBefore + (NotAfter - NotBefore) * 2 / 3;

    /// <summary>Reads key and chain as <see cref="GrpcCa.Host.Identity.FreshKey.ToPem"/> wrote them.</summary>
    /// <exception cref="CryptographicException">It is not that.</exception>
    public static TlsCertificate FromPem(string pem, IEnumerable<PublishedCertificate> roots)
    {
        var leaf = X509Certificate2.CreateFromPem(pem, pem);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        chain.RemoveAt(0);
        return new TlsCertificate(leaf, chain, roots);
    }
}
