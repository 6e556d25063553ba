using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>The identifiers that chain certificates by key (RFC 5280 §4.2.1.1, §4.2.1.2).</summary>
internal static class KeyIdentifierRules
{
    private const int IdentifierBytes = 20;
    private static readonly Asn1Tag KeyIdTag = new(TagClass.ContextSpecific, 0);

    public static ImmutableArray<LintRule> All { get; } =
    [
        new("subject-key-identifier", "§4.2.1.2, RFC 7093 §2", LintRule.Every, SubjectKeyIdentifier),
        new("authority-key-identifier", "§4.2.1.1", LintRule.Issued, AuthorityKeyIdentifier),
    ];

    private static string? SubjectKeyIdentifier(LintSubject s)
    {
        if (s.Find(Oids.SubjectKeyIdentifier) is not { } extension) return null;
        var reader = new AsnReader(extension.Value, AsnEncodingRules.DER);
        var found = reader.ReadOctetString();
        reader.ThrowIfNotEmpty();
        var info = new AsnReader(s.Tbs.PublicKey, AsnEncodingRules.DER).ReadSequence();
        info.ReadEncodedValue();
        var expected = SHA256.HashData(info.ReadBitString(out _)).AsSpan(0, IdentifierBytes);
        return expected.SequenceEqual(found) ? null : "it is not the key's: the first 160 bits of SHA-256 over the key's bits";
    }

    private static string? AuthorityKeyIdentifier(LintSubject s)
    {
        if (s.Find(Oids.AuthorityKeyIdentifier) is not { } extension) return null;
        var fields = extension.Sequence();
        var found = fields.ReadOctetString(KeyIdTag);
        fields.ThrowIfNotEmpty();
        return s.Issuer.KeyIdentifier.Span.SequenceEqual(found) ? null : "it is not the issuer's subject key identifier";
    }
}
