using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Issuance.Lint.Rules;

/// <summary>The names it speaks for (RFC 5280 §4.2.1.6): every kind, every one.</summary>
internal static class AlternativeNameRules
{
    private const int LongestName = 253, LongestLabel = 63;
    private const string ControlPlane = "grpcca://control-plane";

    public static ImmutableArray<LintRule> All { get; } =
    [
        new("san-criticality", "§4.2.1.6", LintRule.EndEntities, static s =>
            s.Find(Oids.SubjectAlternativeName) is { } san && san.Critical != s.SubjectIsEmpty
                ? san.Critical ? "it is critical beside a subject" : "it is not critical though the subject is empty" : null),
        new("san-kinds", "§4.2.1.6", LintRule.EndEntities, static s =>
            s.AlternativeNames().FirstOrDefault(name => !KindsOf(s.Spec.Role).Contains(name.Tag)) is { } other
                ? $"a GeneralName of kind [{other.Tag}] has no place in a {s.Spec.Role}" : null),
        new("san-planned", "plan", LintRule.EndEntities, static s => Planned(s)),
        new("san-dns-syntax", "§4.2.1.6, RFC 5890 §2.3", LintRule.EndEntities, static s =>
            Of(s, RawName.Dns).Select(name => SyntaxFault(name.Text)).FirstOrDefault(fault => fault is not null)),
        new("san-wildcard", "RFC 9525 §6.3", LintRule.EndEntities, static s =>
            Of(s, RawName.Dns).FirstOrDefault(name => !WildcardIsLeftmost(name.Text)) is { } wild ? $"'{wild.Text}' has a '*' that is not its whole first label of several" : null),
        new("san-ip-length", "§4.2.1.6", LintRule.EndEntities, static s =>
            Of(s, RawName.Ip).FirstOrDefault(name => name.Content.Length is not (4 or 16)) is { } odd ? $"an address has {odd.Content.Length} octets" : null),
        new("san-identity", "profile", LintRule.Identities, Identity),
    ];

    private static IEnumerable<RawName> Of(LintSubject s, int kind) => s.AlternativeNames().Where(name => name.Tag == kind);

    private static ImmutableArray<int> KindsOf(CertificateRole role) => role switch
    {
        CertificateRole.IdentityLeaf => [RawName.Uri],
        CertificateRole.ServerIdentity => [RawName.Dns, RawName.Ip, RawName.Uri],
        _ => [RawName.Dns, RawName.Ip],
    };

    private static string? Planned(LintSubject s)
    {
        if (s.Find(Oids.SubjectAlternativeName) is null) return null;
        var found = s.AlternativeNames().Select(name => $"{name.Tag}:{Convert.ToHexStringLower(name.Content)}").ToList();
        var planned = s.Spec.Names.Select(Expected).ToList();
        if (s.Spec.UriSan is { } uri) planned.Add(Expected(RawName.Uri, uri));
        if (planned.Count == 0) return "no name was planned";
        if (found.Distinct().Count() != found.Count) return "a name is there twice";
        if (found.Except(planned).FirstOrDefault() is { } extra) return $"[{extra}] was not planned";
        return planned.Except(found).FirstOrDefault() is { } missing ? $"[{missing}] is missing" : null;
    }

    private static string Expected(Identifier name) => name.Address is { } address
        ? $"{RawName.Ip}:{Convert.ToHexStringLower(address.GetAddressBytes())}"
        : Expected(RawName.Dns, name.Value);

    private static string Expected(int kind, string text) => $"{kind}:{Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(text))}";

    // LDH labels in lower case; what is beyond ASCII has been made A-labels at the door.
    private static string? SyntaxFault(string name)
    {
        if (name.Length is 0 or > LongestName) return $"a dns name has {name.Length} characters";
        foreach (var label in name.Split('.'))
        {
            if (label == "*") continue;
            if (label.Length is 0 or > LongestLabel) return $"'{name}' has a label of {label.Length} characters";
            if (!label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '*') || label[0] == '-' || label[^1] == '-')
                return $"'{name}' has a label that is not letters, digits and inner hyphens, in lower case";
        }
        return System.Net.IPAddress.TryParse(name, out _) ? $"'{name}' is an address" : null;
    }

    private static bool WildcardIsLeftmost(string name)
    {
        var star = name.LastIndexOf('*');
        return star < 0 || (star == 0 && name.Length > 2 && name[1] == '.');
    }

    // A gateway's identity must never pass for the control plane's, nor the reverse.
    private static string? Identity(LintSubject s)
    {
        var uris = Of(s, RawName.Uri).Select(name => name.Text).ToList();
        if (uris is not [var uri]) return $"an identity has one URI, this has {uris.Count}";
        if (s.Spec.Role == CertificateRole.ServerIdentity) return uri == ControlPlane ? null : $"'{uri}' is not {ControlPlane}";
        var parts = uri.StartsWith("grpcca://", StringComparison.Ordinal) ? uri[9..].Split('/') : [];
        return parts is [var noun, var id] && noun != "control-plane" && IsWord(noun) && IsWord(id) ? null : $"'{uri}' is not like grpcca://gateway/ID";
    }

    private static bool IsWord(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
