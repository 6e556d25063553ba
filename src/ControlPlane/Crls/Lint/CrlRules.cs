using System.Collections.Immutable;
using System.Formats.Asn1;
using GrpcCa.ControlPlane.Issuance.Lint;

namespace GrpcCa.ControlPlane.Crls.Lint;

/// <summary>The outer form: DER, version, algorithm, issuer, times (RFC 5280 §5.1.2).</summary>
internal static class CrlRules
{
    private const int FirstGeneralizedYear = 2050;

    /// <summary>Checked by reading at all; see <see cref="CrlLint"/>.</summary>
    public static readonly CrlRule Der = new("crl-der", "§5.1, X.690 §10", static _ => null);

    public static ImmutableArray<CrlRule> All { get; } =
    [
        Der,
        new("crl-trailing-bytes", "§5.1", static s => s.Crl.Trailing == 0 ? null : $"{s.Crl.Trailing} bytes follow"),
        new("crl-version-2", "§5.1.2.1", static s =>
            s.Crl.Version is { } version && version == 1 ? null : $"the version field is {s.Crl.Version?.ToString() ?? "absent"}, not 1 (v2)"),
        new("crl-signature-algorithm", "§5.1.2.2, RFC 5758 §3.2, RFC 4055 §5", static s =>
            s.Crl.Algorithm.Span.SequenceEqual(PublicKeyReading.Of(s.Issuer.SubjectPublicKeyInfo).SignatureAlgorithm()) ? null : "it is not the one of the issuer's key"),
        new("crl-issuer-planned", "§5.1.2.3, §6.3.3", static s =>
            s.Crl.Issuer.Span.SequenceEqual(s.Issuer.SubjectName.Span) ? null : "it is not the issuer's subject, byte by byte"),
        new("crl-next-update", "§5.1.2.5", static s => s.Crl.NextUpdate is null ? "it is not there" : null),
        new("crl-times-encoding", "§5.1.2.4, §5.1.2.5", static s => FormOf(s.Crl.ThisUpdate) ?? (s.Crl.NextUpdate is { } next ? FormOf(next) : null)),
        new("crl-times-order", "§5.1.2.5", static s => Times(s) is var (from, to) && from >= to ? "it ends before it starts" : null),
        new("crl-times-planned", "plan", static s =>
            Times(s) is var (from, to) && (from != s.Spec.ThisUpdate || to != s.Spec.NextUpdate)
                ? $"it is {from:O} to {to:O}, planned was {s.Spec.ThisUpdate:O} to {s.Spec.NextUpdate:O}" : null),
    ];

    /// <summary>UTCTime through 2049, GeneralizedTime from 2050 on; null when it is so. A form that is none at all throws.</summary>
    public static string? FormOf(ReadOnlyMemory<byte> encoded)
    {
        var (time, isUtc) = TimeReading.Read(encoded);
        return isUtc == time.Year < FirstGeneralizedYear ? null : $"{time:O} is written as {(isUtc ? "UTCTime" : "GeneralizedTime")}";
    }

    // What cannot be read is another rule's finding alone.
    private static (DateTimeOffset From, DateTimeOffset To)? Times(CrlSubject s)
    {
        try
        {
            return s.Crl.NextUpdate is { } next ? (TimeReading.Read(s.Crl.ThisUpdate).Time, TimeReading.Read(next).Time) : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
