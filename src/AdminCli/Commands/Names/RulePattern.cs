using GrpcCa.AdminCli.Output;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary>The form of a pattern; what a name may look like is the server's to say.</summary>
internal static class RulePattern
{
    private static readonly string[] Forms = ["exact", "label", "subtree", "wildcard", "ip"];

    /// <exception cref="CliFailure">It has no form, or an unknown one.</exception>
    public static string Checked(string pattern)
    {
        var colon = pattern.IndexOf(':', StringComparison.Ordinal);
        var form = colon < 0 ? "" : pattern[..colon];
        if (Forms.Contains(form, StringComparer.Ordinal) && colon + 1 < pattern.Length) return pattern;
        if (pattern.StartsWith("*.", StringComparison.Ordinal))
            throw CliFailure.Usage($"'{pattern}' has no form", $"did you mean 'wildcard:{pattern[2..]}' (the name {pattern})?");
        if (colon < 0) throw CliFailure.Usage($"'{pattern}' has no form", $"did you mean 'exact:{pattern}' (that name) or 'subtree:{pattern}' (all below it)?");
        throw CliFailure.Usage($"'{pattern}' is no pattern", Suggestions.Closest(form, Forms) is { } close
            ? $"did you mean '{close}{pattern[colon..]}'?" : $"a pattern is {string.Join(", ", Forms.Select(f => f + ":VALUE"))}");
    }
}
