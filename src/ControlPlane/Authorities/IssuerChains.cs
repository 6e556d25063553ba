using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>
/// Further chains of an issuer (RFC 8555 §7.4.2): its key and name, certified by another root, so that clients of either
/// root can be served while they move. They are made elsewhere and only kept here. Each change is an audited act.
/// </summary>
internal sealed class IssuerChains(IStore store, TimeProvider time)
{
    private const string CertificateField = "issuer_chain.certificate_der", RootField = "issuer_chain.root_der";

    /// <summary>The chain as it would be added.</summary>
    /// <exception cref="RefusalException">InvalidArgument naming the field, FailedPrecondition: not an issuer for names.</exception>
    public IssuerChain Check(AuthorityRecord authority, IssuerRecord issuer, byte[] certificateDer, byte[] rootDer)
    {
        if (authority.Purpose != AuthorityPurpose.Issuing)
            throw new RefusalException(RefusalReason.FailedPrecondition, $"{authority.Name} issues no certificates for names, so nobody downloads its chains");
        using var own = X509CertificateLoader.LoadCertificate(issuer.Der);
        using var certificate = Read(certificateDer, CertificateField);
        using var root = Read(rootDer, RootField);
        CheckAuthority(certificate, CertificateField);
        CheckAuthority(root, RootField);
        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(own.SubjectName.RawData))
            throw Wrong(CertificateField, $"its subject is '{certificate.Subject}', the issuer's is '{own.Subject}'");
        if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(own.PublicKey.ExportSubjectPublicKeyInfo()))
            throw Wrong(CertificateField, $"its key is not the key of {issuer.Name}");
        if (KeyIdentifier(certificate) != KeyIdentifier(own))
            throw Wrong(CertificateField, "its subject key identifier is not the issuer's, which the leaves point to");
        if (!root.SubjectName.RawData.AsSpan().SequenceEqual(root.IssuerName.RawData)) throw Wrong(RootField, "it is not self-signed, so it is no root");
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        if (!chain.Build(certificate) || chain.ChainElements.Count != 2)
            throw Wrong(CertificateField, $"the root did not issue it: {string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()))}");
        if (certificateDer.AsSpan().SequenceEqual(issuer.Der)) throw Wrong(CertificateField, $"it is the certificate that {issuer.Name} has already");
        return new IssuerChain(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), issuer.Id, certificateDer, rootDer,
            DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    /// <summary>Adds a chain that was checked.</summary>
    /// <exception cref="RefusalException">AlreadyExists.</exception>
    public Task<IssuerChain> CreateAsync(
        IssuerRecord issuer, IssuerChain chain, string actor, Func<StoreSession, IssuerChain, ValueTask>? alongside, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        if (await AuthorityStore.InsertAsync(session, chain) == 0)
            throw new RefusalException(RefusalReason.AlreadyExists, $"{issuer.Name} has this chain already") { Field = CertificateField };
        if (alongside is not null) await alongside(session, chain);
        return new Acted<IssuerChain>(chain, Event("issuerChain.create", actor, issuer, chain));
    }, cancellationToken);

    /// <exception cref="RefusalException">NotFound.</exception>
    public Task<bool> DeleteAsync(IssuerRecord issuer, IssuerChain chain, string actor, CancellationToken cancellationToken) => store.ActAsync(async session =>
    {
        if (await AuthorityStore.DeleteChainAsync(session, chain.Id) == 0) throw Missing(issuer, chain.Id);
        return new Acted<bool>(true, Event("issuerChain.delete", actor, issuer, chain));
    }, cancellationToken);

    public static RefusalException Missing(IssuerRecord issuer, string id) => new(RefusalReason.NotFound, $"{issuer.Name} has no chain {Excerpt.Of(id)}");

    private AuditEvent Event(string action, string actor, IssuerRecord issuer, IssuerChain chain) => new(time.GetUtcNow(), action, actor, $"{issuer.Name}/chains/{chain.Id}",
    [
        new("certificateSha256", Convert.ToHexStringLower(SHA256.HashData(chain.Der))),
        new("rootSha256", Convert.ToHexStringLower(SHA256.HashData(chain.RootDer))),
    ]);

    private static X509Certificate2 Read(byte[] der, string field)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(der);
        }
        catch (CryptographicException)
        {
            throw Wrong(field, "it is no DER certificate");
        }
    }

    private void CheckAuthority(X509Certificate2 certificate, string field)
    {
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true }) throw Wrong(field, "it is no CA (basicConstraints)");
        if (certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign))
            throw Wrong(field, "it may not sign certificates (keyUsage)");
        var now = time.GetUtcNow().UtcDateTime;
        if (now < certificate.NotBefore.ToUniversalTime() || now > certificate.NotAfter.ToUniversalTime())
            throw Wrong(field, $"it is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, which is not now");
    }

    private static string? KeyIdentifier(X509Certificate2 certificate) => certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifier;

    private static RefusalException Wrong(string field, string detail) => new(RefusalReason.InvalidArgument, detail) { Field = field };
}
