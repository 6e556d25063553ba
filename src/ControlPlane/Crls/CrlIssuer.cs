using System.Collections.Immutable;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>A root or an intermediate of an issuing authority, as one whose revocation list people ask for.</summary>
/// <param name="Id">The id of <c>crls/{id}</c>, and the end of its URL.</param>
/// <param name="Name">The resource: <c>authorities/{id}</c> or <c>authorities/{id}/issuers/{id}</c>.</param>
/// <param name="CertificateDer">Its certificate.</param>
/// <param name="Key">Null when the key is not here.</param>
/// <param name="IsRoot">Its list takes back intermediates.</param>
/// <param name="NotAfter">From then on nobody asks for its list.</param>
/// <param name="Url">Where the list will be found; null without a base URL.</param>
/// <param name="Problem">Why no list of it is signed here; null when one is.</param>
internal sealed record CrlIssuer(
    string Id, string Name, byte[] CertificateDer, KeyUri? Key, bool IsRoot, DateTimeOffset NotAfter, string? Url, string? Problem)
{
    public string CrlName => ResourceName.Of(ResourceName.Crls, Id);

    /// <summary>Whether lists of it are signed here at a time.</summary>
    public bool SignsAt(DateTimeOffset now) => Problem is null && now < NotAfter;

    /// <summary>The key with its certificate; only where <see cref="Problem"/> is null.</summary>
    public IssuerKey SigningKey => new(Name, Key!, CertificateDer);

    /// <summary>All issuers of the issuing hierarchy; those that sign now come first, and roots after their issuers.</summary>
    public static ImmutableArray<CrlIssuer> AllOf(AuthoritySnapshot hierarchy) =>
    [
        .. hierarchy.Of(AuthorityPurpose.Issuing).Where(a => a.IsTrusted)
            .OrderBy(a => a.State == KeyState.Active ? 0 : 1).ThenByDescending(a => a.CreatedAt)
            .SelectMany(a => a.Issuers.Where(i => i.State != KeyState.Retired)
                .OrderBy(i => i.State == KeyState.Active ? 0 : 1).ThenByDescending(i => i.CreatedAt)
                .Select(i => OfIssuer(a, i)).Append(OfRoot(a))),
    ];

    private static CrlIssuer OfIssuer(AuthorityRecord authority, IssuerRecord issuer) => new(
        issuer.Id, issuer.Name, issuer.Der, issuer.Key, IsRoot: false, issuer.Validity.NotAfter, UrlOf(authority, issuer.Id),
        issuer.MaySignCrls ? null : "its certificate does not allow its key to sign revocation lists (keyUsage without cRLSign, RFC 5280 §4.2.1.3)");

    private static CrlIssuer OfRoot(AuthorityRecord authority)
    {
        var id = TrustRoutes.CrlIdOfRoot(authority.Id);
        return new(id, authority.Name, authority.RootDer, authority.RootKey, IsRoot: true, authority.RootValidity.NotAfter, UrlOf(authority, id),
            authority.RootKey is null ? "the root's key is not here: sign its list where the key is, and import it with 'grpcca crl import FILE'" : null);
    }

    private static string? UrlOf(AuthorityRecord authority, string id) =>
        authority.RevocationBaseUrl is { } url ? RevocationPointers.UrlOf(url, TrustRoutes.CrlOf(id)) : null;
}
