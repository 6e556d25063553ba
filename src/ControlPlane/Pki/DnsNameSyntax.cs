using System.Buffers;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>The rules for dns identifiers: ours are RFC 5890's NR-LDH labels and A-labels, lower case, and one leading <c>*.</c></summary>
internal static class DnsNameSyntax
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private const int LongestName = 253, LongestLabel = 63;

    /// <summary>Why the lower-cased name is refused, as the rest of a sentence; null when it is fine.</summary>
    public static string? WhyRefused(string name)
    {
        if (name.Length == 0) return "is empty";
        if (name.Length > LongestName) return $"has {name.Length} characters; {LongestName} are the most";
        if (name.EndsWith('.')) return "ends in a dot; write it without";
        if (name == "*") return "is a wildcard for everything";
        var labels = (name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name).Split('.');
        foreach (var label in labels)
        {
            if (WhyLabelRefused(label) is { } why) return why;
        }
        return LooksNumeric(labels[^1]) ? "looks like an IP address; use an identifier of type ip" : null;
    }

    private static string? WhyLabelRefused(string label)
    {
        if (label.Length == 0) return "has an empty label";
        if (label.Contains('*', StringComparison.Ordinal)) return "has a '*' elsewhere than as its whole first label";
        foreach (var c in label)
        {
            if (!char.IsAscii(c)) return "has characters beyond ASCII; write it in its A-label form (xn--…)";
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
                return $"has the character {Excerpt.Of(c.ToString())}; letters, digits and hyphens make a label";
        }
        if (label.Length > LongestLabel) return $"has a label of {label.Length} characters; {LongestLabel} are the most";
        if (label.StartsWith('-') || label.EndsWith('-')) return $"has the label {Excerpt.Of(label)}, which begins or ends with a hyphen";
        return label.StartsWith("xn--", StringComparison.Ordinal) && !AceLabel.IsValid(label)
            ? $"has the label {Excerpt.Of(label)}, which is no valid A-label (RFC 5890)"
            : null;
    }

    /// <summary>What some resolver would take for the end of an IPv4 address, such as 1.2.3.4, 0x7f.1 or 2130706433.</summary>
    private static bool LooksNumeric(string label) => label.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0
        || (label.StartsWith("0x", StringComparison.Ordinal) && label.AsSpan(2).IndexOfAnyExcept(HexDigits) < 0);
}
