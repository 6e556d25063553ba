using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Signing.File;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>
/// Takes over an existing root and intermediate, so that devices that trust the root go on trusting. The root's key is
/// not needed and not asked for.
/// </summary>
internal sealed class HierarchyImport(IStore store, FileSignerProvider files, TimeProvider time)
{
    /// <exception cref="HierarchyException">Names the option and what is wrong with its file.</exception>
    public async Task<bool> ImportAsync(HierarchyOptions options, CancellationToken cancellationToken)
    {
        using var root = ReadCertificate(options.ImportRoot, "Hierarchy:ImportRoot");
        using var intermediate = ReadCertificate(options.ImportIntermediate, "Hierarchy:ImportIntermediate");
        CheckAuthority(root, "Hierarchy:ImportRoot");
        CheckAuthority(intermediate, "Hierarchy:ImportIntermediate");
        CheckChain(root, intermediate);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var key = await ImportKeyAsync(options, id, intermediate, cancellationToken);
        var now = time.GetUtcNow();
        var authority = new AuthorityRecord(
            options.Id, AuthorityPurpose.Issuing, root.GetNameInfo(X509NameType.SimpleName, forIssuer: false), root.RawData, null,
            KeyState.Active, options.Permit, options.RevocationBaseUrl, now, []);
        var issuer = new IssuerRecord(id, options.Id, intermediate.RawData, key, KeyState.Active, now);
        await store.ActAsync(async session =>
        {
            await AuthorityStore.InsertAsync(session, authority);
            await AuthorityStore.InsertAsync(session, issuer);
            return new Acted<bool>(true, new AuditEvent(now, "authority.import", "system", authority.Name,
                [new("rootSha256", authority.RootSha256), new("issuer", issuer.Name), new("issuerSerial", intermediate.SerialNumber.ToLowerInvariant())]));
        }, cancellationToken);
        return true;
    }

    private async Task<KeyUri> ImportKeyAsync(HierarchyOptions options, string id, X509Certificate2 intermediate, CancellationToken cancellationToken)
    {
        const string option = "Hierarchy:ImportKey";
        if (options.ImportKey is null) throw new HierarchyException($"{option} is required: the intermediate's private key, PKCS#8 PEM");
        try
        {
            return await files.ImportAsync($"issuer-{options.Id}-{id}", options.ImportKey, options.ImportKeyPasswordFile, intermediate.PublicKey.ExportSubjectPublicKeyInfo(), cancellationToken);
        }
        catch (KeyUnavailableException fault)
        {
            throw new HierarchyException($"{option}: {fault.Message}");
        }
    }

    private static X509Certificate2 ReadCertificate(string? path, string option)
    {
        if (path is null) throw new HierarchyException($"{option} is required: an import needs root, intermediate and the intermediate's key");
        try
        {
            return X509CertificateLoader.LoadCertificateFromFile(path);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new HierarchyException($"{option}: '{path}' is no readable certificate: {fault.Message}");
        }
    }

    private void CheckAuthority(X509Certificate2 certificate, string option)
    {
        var basic = certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault();
        if (basic is not { CertificateAuthority: true }) throw new HierarchyException($"{option}: the certificate is no CA (basicConstraints)");
        var usage = certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault();
        if (usage is not null && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign))
            throw new HierarchyException($"{option}: the certificate may not sign certificates (keyUsage)");
        if (!certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any())
            throw new HierarchyException($"{option}: the certificate has no subject key identifier, which leaves have to point to");
        var now = time.GetUtcNow().UtcDateTime;
        if (now < certificate.NotBefore.ToUniversalTime() || now > certificate.NotAfter.ToUniversalTime())
            throw new HierarchyException($"{option}: the certificate is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, which is not now");
    }

    private static void CheckChain(X509Certificate2 root, X509Certificate2 intermediate)
    {
        if (!root.SubjectName.RawData.AsSpan().SequenceEqual(root.IssuerName.RawData))
            throw new HierarchyException("Hierarchy:ImportRoot: the certificate is not self-signed, so it is no root");
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (!chain.Build(intermediate) || chain.ChainElements.Count != 2)
            throw new HierarchyException($"Hierarchy:ImportIntermediate: the root did not issue it: {string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()))}");
    }
}
