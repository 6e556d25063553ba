using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace GrpcCa.ControlPlane.Acme.Challenges.Lookup;

/// <summary>
/// An issuer's domain name with parameters, such as <c>ca.example; accounturi=https://…</c>: the grammar of CAA issue
/// properties (RFC 8659 §4.2), which dns-persist-01 uses too.
/// </summary>
/// <param name="Issuer">Lower case, no dot at the end; empty when the value names nobody.</param>
/// <param name="Parameters">In their order, tags in lower case.</param>
internal sealed record IssueValue(string Issuer, ImmutableArray<KeyValuePair<string, string>> Parameters)
{
    /// <summary>Strict: what does not follow the grammar is no value.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IssueValue? value)
    {
        value = null;
        var parts = text.Split(';');
        var issuer = Trim(parts[0]);
        if (issuer.Length > 0 && !IsDomainName(issuer.TrimEnd('.'))) return false;
        var parameters = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        for (var i = 1; i < parts.Length; i++)
        {
            var part = Trim(parts[i]);
            // "ca.example;" and ";" have no parameters; ";;" has an empty one, which is none.
            if (part.Length == 0 && i == parts.Length - 1) break;
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) return false;
            var (tag, content) = (Trim(part[..equals]), Trim(part[(equals + 1)..]));
            if (!IsLabel(tag) || content.Any(c => c is < '!' or > '~')) return false;
            parameters.Add(new(tag.ToLowerInvariant(), content));
        }
        value = new IssueValue(issuer.TrimEnd('.').ToLowerInvariant(), parameters.ToImmutable());
        return true;
    }

    /// <summary>The values of a parameter; more than one of a kind is a contradiction that the caller refuses.</summary>
    public ImmutableArray<string> All(string tag) => [.. Parameters.Where(parameter => parameter.Key == tag).Select(parameter => parameter.Value)];

    private static string Trim(string text) => text.Trim(' ', '\t');

    private static bool IsDomainName(string text) => text.Length <= 253 && text.Split('.').All(IsLabel);

    private static bool IsLabel(string text) =>
        text.Length is > 0 and <= 63 && text[0] != '-' && text[^1] != '-' && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
