using System.CommandLine;
using GrpcCa.AdminCli.Output;

namespace GrpcCa.AdminCli.Commands;

/// <summary>Options whose values are words from a list, in any case.</summary>
internal static class OptionWords
{
    public static Option<T> OneOf<T>(this Option<T> option, params string[] words)
    {
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Select(t => t.Value).Where(t => !words.Contains(t, StringComparer.OrdinalIgnoreCase)))
            {
                var close = Suggestions.Closest(token, words);
                result.AddError($"{option.Name} takes {string.Join(", ", words)}, not '{token}'" + (close is null ? "" : $"; did you mean '{close}'?"));
            }
        });
        option.CompletionSources.Add(words);
        return option;
    }
}
