using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary>Words for where a certificate stands; revocation reasons by their names in RFC 5280 §5.3.1.</summary>
internal static class CertificateText
{
    private static readonly (string Word, RevocationReason Reason)[] Reasons =
    [
        ("unspecified", RevocationReason.NoReason),
        ("keyCompromise", RevocationReason.KeyCompromise),
        ("affiliationChanged", RevocationReason.AffiliationChanged),
        ("superseded", RevocationReason.Superseded),
        ("cessationOfOperation", RevocationReason.CessationOfOperation),
        ("privilegeWithdrawn", RevocationReason.PrivilegeWithdrawn),
    ];

    public static string[] ReasonWords { get; } = [.. Reasons.Select(r => r.Word)];

    public static RevocationReason Reason(string word) => Reasons.First(r => r.Word.Equals(word, StringComparison.OrdinalIgnoreCase)).Reason;

    public static string Reason(RevocationReason reason) => Reasons.FirstOrDefault(r => r.Reason == reason).Word ?? "unspecified";

    public static Cell State(Certificate certificate) => certificate.State switch
    {
        Certificate.Types.State.Valid => new("valid", Tone.Good),
        Certificate.Types.State.Expired => new("expired", Tone.Warning),
        Certificate.Types.State.Revoked => new("revoked", Tone.Bad),
        _ => new("unknown"),
    };

    /// <summary>The names without their kind, as people call them.</summary>
    public static IEnumerable<string> Names(Certificate certificate) =>
        certificate.Identifiers.Select(i => i[(i.IndexOf(':', StringComparison.Ordinal) + 1)..]);
}
