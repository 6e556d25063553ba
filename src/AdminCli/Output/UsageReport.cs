using System.CommandLine;
using GrpcCa.AdminCli.Commands;

namespace GrpcCa.AdminCli.Output;

/// <summary>Says what is wrong with a command line that could not be parsed, and what was probably meant.</summary>
internal static class UsageReport
{
    public static int Write(ParseResult line, GlobalOptions globals, CliEnvironment environment)
    {
        var command = line.CommandResult.Command;
        var format = globals.FormatOf(line);
        FailureReport.Write(CliFailure.Usage(string.Join(Environment.NewLine, Messages(line, command)), $"try '{PathOf(command)} --help'"), format, environment);
        return ExitCodes.Usage;
    }

    private static IEnumerable<string> Messages(ParseResult line, Command command)
    {
        if (line.UnmatchedTokens.Count == 0 && command.Subcommands.Count > 0)
        {
            yield return $"'{PathOf(command)}' needs one of: {string.Join(", ", command.Subcommands.Select(c => c.Name))}";
            yield break;
        }
        // A word that fits nowhere makes the words after it look wrong too: the first one is the mistake.
        if (line.UnmatchedTokens is [var token, ..])
        {
            var known = command.Subcommands.Select(c => c.Name).Concat(OptionsOf(command));
            var close = Suggestions.Closest(token, known);
            var kind = token.StartsWith('-') ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
            yield return $"unknown {kind} '{token}'" + (close is null ? "" : $"; did you mean '{close}'?");
            yield break;
        }
        foreach (var error in line.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal))
            yield return char.ToLowerInvariant(error[0]) + error[1..].TrimEnd('.');
    }

    private static IEnumerable<string> OptionsOf(Command command) =>
        Ancestry(command).SelectMany(c => c == command ? c.Options : c.Options.Where(o => o.Recursive)).Select(o => o.Name);

    private static string PathOf(Command command) => string.Join(' ', Ancestry(command).Reverse().Select(c => c is RootCommand ? "grpcca" : c.Name));

    private static IEnumerable<Command> Ancestry(Command command)
    {
        for (Symbol? symbol = command; symbol is Command c; symbol = c.Parents.FirstOrDefault()) yield return c;
    }
}
