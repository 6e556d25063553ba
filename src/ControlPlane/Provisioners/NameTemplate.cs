using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>
/// Makes names of a token's claims: <c>{preferred_username}.users.net.gq</c>. A claim is text from outside and never a pattern:
/// inside a name it stands for exactly one label, alone it must be a whole name.
/// </summary>
internal sealed class NameTemplate
{
    private const int LongestLabel = 63;

    private readonly string before, after;

    private NameTemplate(string before, string claim, string after) => (this.before, Claim, this.after) = (before, claim, after);

    /// <summary>The claim that it takes.</summary>
    public string Claim { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out NameTemplate? template, out string fault)
    {
        (template, fault) = (null, "");
        var (open, close) = (text.IndexOf('{', StringComparison.Ordinal), text.IndexOf('}', StringComparison.Ordinal));
        if (open < 0 || close < open + 2 || text.LastIndexOf('{') != open || text.LastIndexOf('}') != close)
        {
            fault = $"{Excerpt.Of(text)} is no template with one claim such as {{preferred_username}}.users.net.gq";
            return false;
        }
        var (before, claim, after) = (text[..open], text[(open + 1)..close], text[(close + 1)..]);
        if ((before.Length > 0 && !before.EndsWith('.')) || (after.Length > 0 && !after.StartsWith('.')))
        {
            fault = $"in {Excerpt.Of(text)} the claim is a part of a label; it must be a label of its own";
            return false;
        }
        // Everything but the claim must be good as it stands.
        if ((before.Length > 0 || after.Length > 0) && !Identifier.TryParse("dns", before + "a" + after, out _, out _, out var detail))
        {
            fault = $"{Excerpt.Of(text)} makes no names: {detail}";
            return false;
        }
        template = new(before, claim, after);
        return true;
    }

    /// <summary>The name that one value makes; null when it makes none.</summary>
    public Identifier? Fill(string value)
    {
        // ASCII alone: the invariant lower case of U+212A, the Kelvin sign, is an ASCII k.
        if (!Ascii.IsValid(value)) return null;
        var lower = value.ToLowerInvariant();
        if (before.Length == 0 && after.Length == 0) return Parse(lower);
        return IsLabel(lower) ? Parse(before + lower + after) : null;
    }

    // A wildcard is somebody's decision, never a claim's.
    private static Identifier? Parse(string name) => !name.Contains('*', StringComparison.Ordinal) && Identifier.TryParse("dns", name, out var identifier, out _, out _) ? identifier : null;

    private static bool IsLabel(string text) => text.Length is > 0 and <= LongestLabel && text[0] != '-' && text[^1] != '-'
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}

/// <summary>A claim and a value it must have: <c>groups=tls-admins</c>.</summary>
internal readonly record struct ClaimMatch(string Claim, string Value)
{
    public static bool TryParse(string text, out ClaimMatch match)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        match = equals > 0 && equals < text.Length - 1 ? new(text[..equals], text[(equals + 1)..]) : default;
        return match.Claim is not null;
    }

    /// <summary>The matches of a checked list.</summary>
    public static ImmutableArray<ClaimMatch> Of(IEnumerable<string> texts) => [.. texts.Select(text => TryParse(text, out var match)
        ? match
        : throw new RefusalException(RefusalReason.InvalidArgument, $"{Excerpt.Of(text)} is no claim=value"))];
}
