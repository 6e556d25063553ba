using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>The two hierarchies; a certificate of one is worth nothing to the other.</summary>
internal enum AuthorityPurpose
{
    Issuing = 1,
    Identity,
}

/// <summary>Where a key stands in its rotation: staged keys are trusted before they sign, retiring ones afterwards.</summary>
internal enum KeyState
{
    Staged = 1,
    Active,
    Retiring,
    Retired,
}

/// <summary>A root and the issuers below it, as the store has them.</summary>
/// <param name="Id">The id of <c>authorities/{id}</c>.</param>
/// <param name="RootKey">Null when an imported root's key is elsewhere, as it should be.</param>
/// <param name="PermittedNames">The name constraints of root and intermediate, <c>net.gq</c>, <c>100.64.0.0/10</c>.</param>
internal sealed record AuthorityRecord(
    string Id,
    AuthorityPurpose Purpose,
    string DisplayName,
    byte[] RootDer,
    KeyUri? RootKey,
    KeyState State,
    ImmutableArray<string> PermittedNames,
    string? RevocationBaseUrl,
    DateTimeOffset CreatedAt,
    ImmutableArray<IssuerRecord> Issuers)
{
    /// <summary>SHA-256 of the root certificate, lower-case hex: what people compare.</summary>
    public string RootSha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(RootDer));

    /// <summary>The root's first and last second.</summary>
    public ValidityPeriod RootValidity { get; } = ValidityPeriod.Of(RootDer);

    /// <summary>The name constraints of root and intermediate; null when there are none.</summary>
    public NameConstraints? Constraints { get; } = NameConstraints.Parse(PermittedNames);

    public string Name => Protocol.ResourceName.Of(Protocol.ResourceName.Authorities, Id);

    /// <summary>
    /// Why the certificates above a leaf of the issuer do not let it have a name (RFC 5280 §4.2.1.10), as the lint reads them;
    /// null when they do. An imported hierarchy has constraints that nobody told us.
    /// </summary>
    public string? ConstraintFault(IssuerRecord issuer, Identifier name) => IssuerReading.ConstraintFault(issuer.Der, [RootDer], name);

    /// <summary>Trusted by others: everything but what is retired.</summary>
    public bool IsTrusted => State != KeyState.Retired;
}

/// <summary>An intermediate that signs leaves.</summary>
internal sealed record IssuerRecord(string Id, string AuthorityId, byte[] Der, KeyUri Key, KeyState State, DateTimeOffset CreatedAt)
{
    public string Name { get; } = Protocol.ResourceName.OfIssuer(AuthorityId, Id);

    /// <summary>Further certificates of this key and name, by other roots; in the order in which they were added.</summary>
    public ImmutableArray<IssuerChain> Chains { get; init; } = [];

    public ValidityPeriod Validity { get; } = ValidityPeriod.Of(Der);

    /// <summary>Whether its certificate lets its key sign revocation lists (RFC 5280 §4.2.1.3); an imported one may not.</summary>
    public bool MaySignCrls { get; } = UsageOf(Der).HasFlag(X509KeyUsageFlags.CrlSign);

    private static X509KeyUsageFlags UsageOf(byte[] der)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        return certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault()?.KeyUsages ?? X509KeyUsageFlags.CrlSign;
    }
}

/// <summary>Another certificate of an issuer's key and name, and the root that signed it.</summary>
internal sealed record IssuerChain(string Id, string IssuerId, byte[] Der, byte[] RootDer, DateTimeOffset CreatedAt);

/// <summary>The hierarchy at one moment.</summary>
internal sealed record AuthoritySnapshot(ImmutableArray<AuthorityRecord> Authorities)
{
    public IEnumerable<AuthorityRecord> Of(AuthorityPurpose purpose) => Authorities.Where(a => a.Purpose == purpose);

    public AuthorityRecord? Find(string id) => Authorities.FirstOrDefault(a => a.Id == id);

    /// <summary>The authority that signs for a purpose now.</summary>
    public AuthorityRecord? Active(AuthorityPurpose purpose) =>
        Of(purpose).Where(a => a.State == KeyState.Active).MaxBy(a => a.CreatedAt);

    /// <summary>The issuer of an authority that signs now.</summary>
    public IssuerRecord? ActiveIssuer(string authorityId) =>
        Find(authorityId)?.Issuers.Where(i => i.State == KeyState.Active).MaxBy(i => i.CreatedAt);

    /// <summary>The issuer by its resource name.</summary>
    public IssuerRecord? FindIssuer(string name) =>
        Authorities.SelectMany(a => a.Issuers).FirstOrDefault(i => i.Name == name);
}
