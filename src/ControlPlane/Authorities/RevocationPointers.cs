using System.Security.Cryptography;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>The URLs that a certificate carries: of its issuer's revocation list (CDP) and of its issuer's certificate (AIA).</summary>
internal sealed record RevocationPointers(string? CrlUrl, string? IssuerUrl)
{
    /// <summary>Where the authority has no base URL, or the profile wants none.</summary>
    public static RevocationPointers None { get; } = new(null, null);

    /// <summary>Of what an intermediate issues.</summary>
    public static RevocationPointers Below(AuthorityRecord authority, IssuerRecord issuer) => authority.RevocationBaseUrl is not { } url ? None : new(
        issuer.MaySignCrls ? UrlOf(url, TrustRoutes.CrlOf(issuer.Id)) : null,
        UrlOf(url, TrustRoutes.IntermediateOf(Convert.ToHexStringLower(SHA256.HashData(issuer.Der)))));

    /// <summary>Of what a root issues.</summary>
    public static RevocationPointers BelowRoot(AuthorityRecord authority) => authority.RevocationBaseUrl is not { } url ? None : new(
        UrlOf(url, TrustRoutes.CrlOf(TrustRoutes.CrlIdOfRoot(authority.Id))),
        UrlOf(url, TrustRoutes.RootOf(authority.RootSha256)));

    /// <summary>A path below the base URL.</summary>
    public static string UrlOf(string baseUrl, string path) => baseUrl.TrimEnd('/') + path;
}
