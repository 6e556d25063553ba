using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;
using PublicKey = GrpcCa.ControlPlane.Pki.PublicKey;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>
/// Makes what a new CA starts with: the identity authority, and the issuing root with its intermediate, or imported
/// ones. What is there is left alone, so that a founding that was cut off is finished by the next start.
/// </summary>
internal sealed class HierarchyFounder(
    AuthorityBook book, IssuanceCorridor corridor, SigningDesk desk, HierarchyImport import, TimeProvider time)
{
    private const string Scheme = "file";

    /// <summary>Founds what is missing; true when anything was.</summary>
    /// <exception cref="HierarchyException">The options cannot be carried out.</exception>
    public async Task<bool> EnsureAsync(HierarchyOptions options, CancellationToken cancellationToken)
    {
        var founded = false;
        if ((await book.CurrentAsync(cancellationToken)).Active(AuthorityPurpose.Identity) is null)
        {
            await FoundRootAsync(AuthorityPurpose.Identity, "identity", $"{options.Name} Identity", KeyAlgorithm.EcP256, options.RootLifetime, [], null, cancellationToken);
            founded = true;
        }
        var issuing = (await book.CurrentAsync(cancellationToken)).Active(AuthorityPurpose.Issuing);
        if (issuing is null)
        {
            if (options.IsImport) return await import.ImportAsync(options, cancellationToken);
            await FoundRootAsync(AuthorityPurpose.Issuing, options.Id, $"{options.Name} Root", options.KeyType, options.RootLifetime, options.Permit, options.RevocationBaseUrl, cancellationToken);
            issuing = (await book.CurrentAsync(cancellationToken)).Active(AuthorityPurpose.Issuing)!;
            founded = true;
        }
        if (issuing.Issuers.All(i => i.State != KeyState.Active))
        {
            await FoundIntermediateAsync(issuing, options, cancellationToken);
            founded = true;
        }
        return founded;
    }

    /// <summary>Opens every key that signs, so that a missing or corrupt one stops the start and not the first request.</summary>
    /// <exception cref="KeyUnavailableException">Names the key file.</exception>
    public async Task CheckKeysAsync(CancellationToken cancellationToken)
    {
        foreach (var authority in (await book.CurrentAsync(cancellationToken)).Authorities)
        {
            if (authority.RootKey is { } rootKey && authority.IsTrusted)
                await CheckKeyAsync(rootKey, authority.RootDer, authority.Name, cancellationToken);
            foreach (var issuer in authority.Issuers.Where(i => i.State is KeyState.Active or KeyState.Retiring))
                await CheckKeyAsync(issuer.Key, issuer.Der, issuer.Name, cancellationToken);
        }
    }

    private async Task CheckKeyAsync(KeyUri key, byte[] certificateDer, string name, CancellationToken cancellationToken)
    {
        var (_, spki) = await desk.DescribeAsync(key, cancellationToken);
        using var certificate = X509CertificateLoader.LoadCertificate(certificateDer);
        if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(spki.Span))
            throw new KeyUnavailableException($"key {key} does not belong to the certificate of {name}");
    }

    private async Task FoundRootAsync(
        AuthorityPurpose purpose, string id, string commonName, KeyAlgorithm algorithm, TimeSpan lifetime,
        ImmutableArray<string> permit, string? revocationBaseUrl, CancellationToken cancellationToken)
    {
        var (key, publicKey) = await NewKeyAsync(algorithm, $"root-{id}", cancellationToken);
        var now = Now();
        var identity = purpose == AuthorityPurpose.Identity;
        var name = Protocol.ResourceName.Of(Protocol.ResourceName.Authorities, id);
        var spec = new CertificateSpec
        {
            Role = identity ? CertificateRole.IdentityRoot : CertificateRole.Root,
            Issuer = new IssuerKey(name, key, null),
            SubjectCommonName = commonName,
            Key = publicKey,
            NotBefore = now - Backdate,
            NotAfter = now + lifetime - TimeSpan.FromSeconds(1),
            // A root above an intermediate allows one CA below; the identity root signs its leaves itself.
            PathLength = identity ? 0 : 1,
            Constraints = NameConstraints.Parse(permit),
        };
        await corridor.IssueAsync(new SigningPermit(PermitKind.AuthorityCertificate, key), spec, new IssuanceContext
        {
            Actor = "system",
            Purpose = name,
            OnIssued = async (session, issued) =>
            {
                var authority = new AuthorityRecord(id, purpose, commonName, issued.Der, key, KeyState.Active, permit, revocationBaseUrl, now, []);
                await AuthorityStore.InsertAsync(session, authority);
                return new AuditEvent(now, "authority.create", "system", name,
                    [new("purpose", purpose.ToString()), new("rootSha256", authority.RootSha256), new("permitted", string.Join(' ', permit))]);
            },
        }, cancellationToken);
    }

    private async Task FoundIntermediateAsync(AuthorityRecord authority, HierarchyOptions options, CancellationToken cancellationToken)
    {
        var rootKey = authority.RootKey
            ?? throw new HierarchyException($"{authority.Name} has no root key here, so that no intermediate can be made below it");
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var (key, publicKey) = await NewKeyAsync(options.KeyType, $"issuer-{authority.Id}", cancellationToken);
        var now = Now();
        var (notBefore, notAfter) = authority.RootValidity.Clamp(now - Backdate, now + options.IntermediateLifetime - TimeSpan.FromSeconds(1));
        var pointers = RevocationPointers.BelowRoot(authority);
        var spec = new CertificateSpec
        {
            Role = CertificateRole.Intermediate,
            Issuer = new IssuerKey(authority.Name, rootKey, authority.RootDer),
            SubjectCommonName = $"{options.Name} Intermediate {id}",
            Key = publicKey,
            NotBefore = notBefore,
            NotAfter = notAfter,
            PathLength = 0,
            Constraints = authority.Constraints,
            CrlUrl = pointers.CrlUrl,
            IssuerUrl = pointers.IssuerUrl,
        };
        await corridor.IssueAsync(new SigningPermit(PermitKind.AuthorityCertificate, rootKey), spec, new IssuanceContext
        {
            Actor = "system",
            Purpose = Protocol.ResourceName.OfIssuer(authority.Id, id),
            OnIssued = async (session, issued) =>
            {
                var issuer = new IssuerRecord(id, authority.Id, issued.Der, key, KeyState.Active, now);
                await AuthorityStore.InsertAsync(session, issuer);
                return new AuditEvent(now, "issuer.create", "system", issuer.Name, [new("serial", issued.Serial.Hex), new("notAfter", spec.NotAfter.ToString("O"))]);
            },
        }, cancellationToken);
    }

    private async Task<(KeyUri Key, PublicKey PublicKey)> NewKeyAsync(KeyAlgorithm algorithm, string label, CancellationToken cancellationToken)
    {
        var key = await desk.GenerateAsync(Scheme, algorithm, $"{label}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}", cancellationToken);
        var (_, spki) = await desk.DescribeAsync(key, cancellationToken);
        return (key, PublicKey.FromSubjectPublicKeyInfo(spki));
    }

    // Authorities are compared by people and devices whose clocks differ by more than a server's do.
    private static readonly TimeSpan Backdate = TimeSpan.FromMinutes(10);

    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
}
