namespace GrpcCa.Protocol;

/// <summary>
/// Where gateways serve what certificates point to: revocation lists, and the certificates that issued. The paths stand in
/// issued certificates for years, so they never change.
/// </summary>
public static class TrustRoutes
{
    /// <summary>Below it, revocation lists by id; alone, the list of the issuer that signs now.</summary>
    public const string Crl = "/crl";
    /// <summary>All lists, PEM, one after the other: what nginx's <c>ssl_crl</c> takes.</summary>
    public const string AllCrls = "/crl.pem";
    /// <summary>Below it, roots by their SHA-256.</summary>
    public const string Root = "/root";
    /// <summary>Below it, intermediates by their SHA-256.</summary>
    public const string Intermediate = "/intermediates";
    /// <summary>The end of the path of a certificate in DER (RFC 2585 §3).</summary>
    public const string DerSuffix = ".cer";

    /// <summary>The list of an issuer.</summary>
    public static string CrlOf(string id) => $"{Crl}/{id}";

    /// <summary>The id of a root's list; an issuer's list has the issuer's own id, which never holds a hyphen.</summary>
    public static string CrlIdOfRoot(string authority) => $"root-{authority}";

    /// <summary>A root certificate, DER.</summary>
    public static string RootOf(string sha256) => $"{Root}/{sha256}{DerSuffix}";

    /// <summary>An intermediate certificate, DER.</summary>
    public static string IntermediateOf(string sha256) => $"{Intermediate}/{sha256}{DerSuffix}";
}
