using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>The subject's key (RFC 5280 §4.1.2.7).</summary>
internal static class PublicKeyRules
{
    public static ImmutableArray<LintRule> All { get; } =
    [
        new("public-key-planned", "plan", LintRule.Every, static s =>
            s.Tbs.PublicKey.Span.SequenceEqual(s.Spec.Key.SubjectPublicKeyInfo.Span) ? null : "it is not the permitted key"),
        new("public-key-algorithm", "§4.1.2.7, RFC 5480 §2, RFC 3279 §2.3.1, RFC 8410 §4", LintRule.Every, Algorithm),
        new("public-key-not-the-issuers", "profile", LintRule.Issued, static s =>
            s.Tbs.PublicKey.Span.SequenceEqual(s.Issuer.SubjectPublicKeyInfo.Span) ? "it is the issuer's own key" : null),
    ];

    private static string? Algorithm(LintSubject s)
    {
        // Whatever is not accepted throws, which is the finding.
        PublicKeyReading.Of(s.Tbs.PublicKey);
        return null;
    }
}
