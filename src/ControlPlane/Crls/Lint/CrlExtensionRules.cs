using System.Collections.Immutable;
using System.Formats.Asn1;
using GrpcCa.ControlPlane.Issuance.Lint;

namespace GrpcCa.ControlPlane.Crls.Lint;

/// <summary>
/// The list's own extensions (RFC 5280 §5.2): key identifier and number, and nothing else. A list of all certificates of
/// an issuer needs no issuing distribution point (§5.2.5).
/// </summary>
internal static class CrlExtensionRules
{
    private const int LongestNumber = 20;
    private static readonly Asn1Tag KeyIdTag = new(TagClass.ContextSpecific, 0);
    private static readonly ImmutableArray<string> Wanted = [Oids.AuthorityKeyIdentifier, Oids.CrlNumber];

    public static ImmutableArray<CrlRule> All { get; } =
    [
        new("crl-extension-known", "§5.2", static s => s.Crl.Extensions.FirstOrDefault(e => !Wanted.Contains(e.Oid)) is { } stranger ? $"{stranger.Oid} has no place there" : null),
        new("crl-extension-once", "§5.2", static s =>
            s.Crl.Extensions.GroupBy(e => e.Oid).FirstOrDefault(g => g.Count() > 1) is { } twice ? $"{twice.Key} is there {twice.Count()} times" : null),
        new("crl-extension-missing", "§5.2.1, §5.2.3", static s => Wanted.FirstOrDefault(oid => s.Crl.Find(oid) is null) is { } missing ? $"{missing} is not there" : null),
        new("crl-extension-not-critical", "§5.2.1, §5.2.3", static s => s.Crl.Extensions.FirstOrDefault(e => e.Critical) is { } critical ? $"{critical.Oid} is critical" : null),
        new("crl-authority-key-identifier", "§5.2.1", AuthorityKeyIdentifier),
        new("crl-number", "§5.2.3", Number),
    ];

    private static string? AuthorityKeyIdentifier(CrlSubject s)
    {
        if (s.Crl.Find(Oids.AuthorityKeyIdentifier) is not { } extension) return null;
        var fields = extension.Sequence();
        var found = fields.ReadOctetString(KeyIdTag);
        fields.ThrowIfNotEmpty();
        return s.Issuer.KeyIdentifier.Span.SequenceEqual(found) ? null : "it is not the issuer's subject key identifier";
    }

    private static string? Number(CrlSubject s)
    {
        if (s.Crl.Find(Oids.CrlNumber) is not { } extension) return null;
        var reader = new AsnReader(extension.Value, AsnEncodingRules.DER);
        if (reader.PeekContentBytes().Length > LongestNumber) return "it has more than 20 octets";
        var number = reader.ReadInteger();
        reader.ThrowIfNotEmpty();
        return number == s.Spec.Number ? null : $"it is {number}, planned was {s.Spec.Number}";
    }
}
