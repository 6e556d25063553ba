using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>What is wrong with the settings of the kinds other than <c>acme</c>; each fault names its field.</summary>
/// <param name="hierarchy">Our own authorities, whose certificates are no foreign roots.</param>
/// <param name="known">The provisioners there are.</param>
internal sealed class CredentialFaults(AuthoritySnapshot hierarchy, FrozenDictionary<string, ProvisionerRecord> known)
{
    private const int MostKeys = 100, MostTexts = 100, LongestKeyId = 128, MostRoots = 20;
    private static readonly TimeSpan LongestToken = TimeSpan.FromHours(24);

    /// <summary>The most that <c>clock_skew</c> can be.</summary>
    public static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(5);

    public IEnumerable<RefusalException> Of(ProvisionerRecord next) => next.Kind switch
    {
        ProvisionerKind.Token => Of(next.Token ?? new()),
        ProvisionerKind.Oidc => Of(next.Oidc ?? new()),
        ProvisionerKind.X5c => Of(next.X5c ?? new()),
        ProvisionerKind.Renewal => Of(next.Renewal ?? new(), next),
        _ => [],
    };

    /// <summary>The certificates of a PEM text, for the caller to dispose.</summary>
    /// <exception cref="RefusalException">It holds something else, or nothing.</exception>
    /// <exception cref="CryptographicException">A block is no certificate.</exception>
    public static X509Certificate2Collection ReadRoots(string pem) => [.. Pem.DecodeCertificates(pem).Select(der => X509CertificateLoader.LoadCertificate(der))];

    private static IEnumerable<RefusalException> Of(TokenSettings token)
    {
        if (token.Keys.Length is 0 or > MostKeys) yield return Wrong("token.keys", $"must be from 1 to {MostKeys} keys");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (place, key) in token.Keys.Index())
        {
            if (key.KeyId.Length is 0 or > LongestKeyId || key.KeyId.Any(c => c is < '!' or > '~'))
                yield return Wrong($"token.keys[{place}].key_id", $"must be 1 to {LongestKeyId} printable ASCII characters");
            else if (!seen.Add(key.KeyId))
                yield return Wrong($"token.keys[{place}].key_id", $"{Excerpt.Of(key.KeyId)} is there twice");
        }
        foreach (var fault in Of(token.Terms, "token.terms")) yield return fault;
    }

    private static IEnumerable<RefusalException> Of(OidcSettings oidc)
    {
        if (!IsIssuer(oidc.Issuer)) yield return Wrong("oidc.issuer", $"{Excerpt.Of(oidc.Issuer)} is no https URL without query and fragment");
        if (oidc.Terms.Audiences.IsEmpty) yield return Wrong("oidc.terms.audiences", "at least one client id is needed: a token for another client is not for this CA");
        if (oidc.Names.IsEmpty && oidc.Admins.IsEmpty) yield return Wrong("oidc.names", "without names and admins no token is good for anything");
        foreach (var (place, text) in oidc.Names.Index())
            if (!NameTemplate.TryParse(text, out _, out var fault)) yield return Wrong($"oidc.names[{place}]", fault);
        foreach (var (field, texts) in new[] { ("admins", oidc.Admins), ("required_claims", oidc.RequiredClaims) })
            foreach (var (place, text) in texts.Index())
                if (!ClaimMatch.TryParse(text, out _)) yield return Wrong($"oidc.{field}[{place}]", $"{Excerpt.Of(text)} is no claim=value such as groups=tls-admins");
        foreach (var (field, count) in new[] { ("names", oidc.Names.Length), ("admins", oidc.Admins.Length), ("required_claims", oidc.RequiredClaims.Length) })
            if (count > MostTexts) yield return Wrong($"oidc.{field}", $"has {count} elements; {MostTexts} are the most");
        foreach (var (place, range) in oidc.Ranges.Index())
            if (!IPNetwork.TryParse(range, out _)) yield return Wrong($"oidc.ranges[{place}]", $"{Excerpt.Of(range)} is no range such as 100.64.0.0/10");
        foreach (var (place, resolver) in oidc.Resolvers.Index())
            if (!IPEndPoint.TryParse(resolver, out var endpoint) || endpoint.Port == 0)
                yield return Wrong($"oidc.resolvers[{place}]", $"{Excerpt.Of(resolver)} is no address and port such as 100.64.0.1:53");
        if (oidc.RootsPem.Length > 0)
            foreach (var fault in Roots(oidc.RootsPem, "oidc.roots_pem", _ => null)) yield return fault;
        foreach (var fault in Of(oidc.Terms, "oidc.terms")) yield return fault;
    }

    private IEnumerable<RefusalException> Of(X5cSettings x5c)
    {
        foreach (var fault in Roots(x5c.RootsPem, "x5c.roots_pem", OwnFault)) yield return fault;
        foreach (var fault in Of(x5c.Terms, "x5c.terms")) yield return fault;
    }

    private IEnumerable<RefusalException> Of(RenewalSettings renewal, ProvisionerRecord next)
    {
        if (renewal.Provisioners.IsEmpty) yield return Wrong("renewal.provisioners", "at least one is needed: whose certificates may be renewed");
        foreach (var (place, id) in renewal.Provisioners.Index())
        {
            if (!known.TryGetValue(id, out var other)) yield return Wrong($"renewal.provisioners[{place}]", $"there is no provisioner {Excerpt.Of(id)}");
            else if (other.Kind == ProvisionerKind.Renewal) yield return Wrong($"renewal.provisioners[{place}]", $"{other.Name} renews, too; name those that certificates first come from");
            else if (other.AuthorityId != next.AuthorityId) yield return Wrong($"renewal.provisioners[{place}]", $"{other.Name} is of authorities/{other.AuthorityId}; a renewal stays below its authority");
        }
        foreach (var fault in Of(renewal.Terms, "renewal.terms")) yield return fault;
    }

    private static IEnumerable<RefusalException> Of(TokenTerms terms, string field)
    {
        if (terms.Audiences.Length > MostTexts) yield return Wrong($"{field}.audiences", $"has {terms.Audiences.Length} elements; {MostTexts} are the most");
        foreach (var (place, audience) in terms.Audiences.Index())
            if (audience.Length == 0) yield return Wrong($"{field}.audiences[{place}]", "is empty");
        if (terms.MaxLifetime is { } life && (life < TimeSpan.FromSeconds(1) || life > LongestToken)) yield return Wrong($"{field}.max_lifetime", "must be from 1 second to 24 hours");
        if (terms.ClockSkew is { } skew && (skew < TimeSpan.Zero || skew > MostSkew)) yield return Wrong($"{field}.clock_skew", "must be from zero to 5 minutes");
    }

    private static List<RefusalException> Roots(string pem, string field, Func<X509Certificate2, string?> faultOf)
    {
        var faults = new List<RefusalException>();
        X509Certificate2Collection roots;
        try
        {
            roots = ReadRoots(pem);
        }
        catch (Exception fault) when (fault is CryptographicException or RefusalException)
        {
            return [Wrong(field, $"is no PEM of certificates: {fault.Message}")];
        }
        if (roots.Count > MostRoots) faults.Add(Wrong(field, $"has {roots.Count} certificates; {MostRoots} are the most"));
        foreach (var root in roots)
        {
            if (root.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
                faults.Add(Wrong(field, $"{Excerpt.Of(root.Subject)} is no certificate of an authority"));
            else if (faultOf(root) is { } fault)
                faults.Add(Wrong(field, fault));
            root.Dispose();
        }
        return faults;
    }

    // A certificate of ours, which anybody can get by ACME, must never become a credential. By key: a root may have been
    // certified again, or by another.
    private string? OwnFault(X509Certificate2 root) =>
        IsOwn(hierarchy, root) ? $"{Excerpt.Of(root.Subject)} has a key of this CA; certificates that it issues are no credentials" : null;

    /// <summary>Whether a certificate, whoever issued it, is for a key of one of our authorities.</summary>
    public static bool IsOwn(AuthoritySnapshot hierarchy, X509Certificate2 certificate)
    {
        var key = certificate.PublicKey.ExportSubjectPublicKeyInfo();
        return hierarchy.Authorities.SelectMany(a => a.Issuers.Select(i => i.Der).Append(a.RootDer)).Any(own => KeyOf(own).AsSpan().SequenceEqual(key));
    }

    private static byte[] KeyOf(byte[] der)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        return certificate.PublicKey.ExportSubjectPublicKeyInfo();
    }

    private static bool IsIssuer(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps
        && url.Query.Length == 0 && url.Fragment.Length == 0 && url.UserInfo.Length == 0;

    private static RefusalException Wrong(string field, string detail) => new(RefusalReason.InvalidArgument, detail) { Field = "provisioner." + field };
}
