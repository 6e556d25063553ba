using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>The outer form: DER, version, serial number, algorithm, issuer.</summary>
internal static class StructureRules
{
    private const int LongestSerial = 20;

    /// <summary>Checked by reading at all; see <see cref="TbsLint"/>.</summary>
    public static readonly LintRule Der = new("der", "§4.1, X.690 §10", LintRule.Every, static _ => null);

    public static ImmutableArray<LintRule> All { get; } =
    [
        Der,
        new("trailing-bytes", "§4.1", LintRule.Every, static s => s.Tbs.Trailing == 0 ? null : $"{s.Tbs.Trailing} bytes follow"),
        new("version-3", "§4.1.2.1", LintRule.Every, static s =>
            s.Tbs.Version is { } version && version == 2 ? null : $"the version field is {s.Tbs.Version?.ToString() ?? "absent"}, not 2 (v3)"),
        new("serial-positive", "§4.1.2.2", LintRule.Every, static s =>
            s.Tbs.Serial.Span[0] < 0x80 && s.Tbs.Serial.Span.ContainsAnyExcept((byte)0) ? null : "it is zero or negative"),
        new("serial-length", "§4.1.2.2", LintRule.Every, static s =>
            s.Tbs.Serial.Length <= LongestSerial ? null : $"it has {s.Tbs.Serial.Length} octets"),
        new("serial-planned", "plan", LintRule.Every, static s =>
            s.Tbs.Serial.Span.SequenceEqual(s.Serial.Bytes.Span) ? null : $"it is {Convert.ToHexStringLower(s.Tbs.Serial.Span)}, planned was {s.Serial}"),
        new("signature-algorithm", "§4.1.2.3, RFC 5758 §3.2, RFC 4055 §5", LintRule.Every, SignatureAlgorithm),
        new("issuer-present", "§4.1.2.4", LintRule.Every, static s => s.IssuerIsEmpty ? "the issuer's name is empty" : null),
        new("issuer-planned", "§4.1.2.4, §6.1.3", LintRule.Every, static s =>
            s.Tbs.Issuer.Span.SequenceEqual(s.Spec.Role.IsSelfSigned() ? s.Tbs.Subject.Span : s.Issuer.SubjectName.Span)
                ? null : "it is not the issuer's subject, byte by byte"),
        new("unique-identifiers", "§4.1.2.8", LintRule.Every, static s => s.Tbs.HasUniqueIdentifiers ? "it has a unique identifier" : null),
    ];

    private static string? SignatureAlgorithm(LintSubject s)
    {
        var expected = PublicKeyReading.Of(s.Issuer.SubjectPublicKeyInfo).SignatureAlgorithm();
        return s.Tbs.SignatureAlgorithm.Span.SequenceEqual(expected) ? null : "it is not the one of the issuer's key";
    }
}
