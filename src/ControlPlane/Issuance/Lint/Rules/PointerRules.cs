using System.Collections.Immutable;
using System.Formats.Asn1;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>Where the CRL and the issuer's certificate are (RFC 5280 §4.2.1.13, §4.2.2.1).</summary>
internal static class PointerRules
{
    private static readonly Asn1Tag DistributionPointTag = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag FullNameTag = new(TagClass.ContextSpecific, 0, isConstructed: true);

    public static ImmutableArray<LintRule> All { get; } =
    [
        new("crl-distribution-points", "§4.2.1.13", LintRule.Issued, static s => Compare(CrlUrls(s), s.Spec.CrlUrl)),
        new("authority-information-access", "§4.2.2.1", LintRule.Issued, static s => Compare(IssuerUrls(s), s.Spec.IssuerUrl)),
        new("pointer-urls", "§4.2.1.13, §4.2.2.1", LintRule.Issued, static s =>
            Try(CrlUrls, s).Concat(Try(IssuerUrls, s)).FirstOrDefault(url => !IsHttp(url)) is { } bad ? $"'{bad}' is no plain http URL" : null),
    ];

    private static string? Compare(List<string> found, string? planned) =>
        found.SequenceEqual(planned is null ? [] : [planned]) ? null : $"it has [{string.Join(", ", found)}], planned was [{planned}]";

    // One point with a full name, no reasons, no other issuer of CRLs.
    private static List<string> CrlUrls(LintSubject s)
    {
        var urls = new List<string>();
        if (s.Find(Oids.CrlDistributionPoints) is not { } extension) return urls;
        var points = extension.Sequence();
        while (points.HasData)
        {
            var point = points.ReadSequence();
            var name = point.ReadSequence(DistributionPointTag);
            point.ThrowIfNotEmpty();
            var full = name.ReadSequence(FullNameTag);
            name.ThrowIfNotEmpty();
            while (full.HasData) urls.Add(Url(full));
        }
        return urls;
    }

    private static List<string> IssuerUrls(LintSubject s)
    {
        var urls = new List<string>();
        if (s.Find(Oids.AuthorityInformationAccess) is not { } extension) return urls;
        var descriptions = extension.Sequence();
        while (descriptions.HasData)
        {
            var description = descriptions.ReadSequence();
            var method = description.ReadObjectIdentifier();
            if (method != Oids.CaIssuers) throw new AsnContentException($"access method {method} has no place here");
            urls.Add(Url(description));
            description.ThrowIfNotEmpty();
        }
        return urls;
    }

    private static string Url(AsnReader names)
    {
        var name = RawName.Read(names);
        return name.Tag == RawName.Uri ? name.Text : throw new AsnContentException($"a GeneralName of kind [{name.Tag}] is no URL");
    }

    // What does not parse is the finding of the rule above.
    private static List<string> Try(Func<LintSubject, List<string>> read, LintSubject s)
    {
        try
        {
            return read(s);
        }
        catch (AsnContentException)
        {
            return [];
        }
    }

    // §4.2.1.13, §8: http, since fetching over https would need a certificate to check a certificate.
    private static bool IsHttp(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme == Uri.UriSchemeHttp && parsed.UserInfo.Length == 0 && parsed.Fragment.Length == 0
        && parsed.Host.Length > 0 && url.All(c => c is > ' ' and < (char)0x7F) && url.StartsWith("http://", StringComparison.Ordinal);
}
