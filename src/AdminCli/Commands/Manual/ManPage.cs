using System.CommandLine;
using System.Reflection;
using System.Text;

namespace GrpcCa.AdminCli.Commands.Manual;

/// <summary>The manual page of one command, in the man macros of roff.</summary>
internal sealed class ManPage(Command command, IReadOnlyList<Command> ancestry)
{
    /// <summary>The words of the command, such as <c>grpcca provisioner create</c>.</summary>
    private string Words => string.Join(' ', ancestry.Append(command).Select(NameOf));

    private string PageName => Words.Replace(' ', '-');

    public string FileName => PageName + ".1";

    /// <summary>A page for each command that is not hidden.</summary>
    public static IEnumerable<ManPage> All(Command root) => Below(root, []);

    public string Text()
    {
        var version = typeof(ManPage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        var text = new StringBuilder();
        // No date: the same source makes the same page.
        text.Append(".TH \"").Append(Roff.Line(PageName.ToUpperInvariant())).Append("\" \"1\" \"\" \"grpcca ").Append(Roff.Line(version)).Append("\" \"GrpcCa\"\n");
        text.Append(".SH NAME\n").Append(Roff.Line(PageName)).Append(" \\- ").Append(Roff.Line(FirstSentence(command.Description!))).Append('\n');
        text.Append(".SH SYNOPSIS\n").Append(Synopsis()).Append('\n');
        text.Append(".SH DESCRIPTION\n").Append(Roff.Line(command.Description!)).Append('\n');
        Section(text, "ARGUMENTS", command.Arguments.Where(a => !a.Hidden).Select(a => (Italic(a.Name), a.Description!)));
        Section(text, "COMMANDS", Visible(command).Select(c => (Bold(c.Name), c.Description!)));
        Section(text, "OPTIONS", command.Options.Where(o => !o.Hidden && !o.Recursive).Select(Option));
        Section(text, "GLOBAL OPTIONS", ancestry.Append(command).SelectMany(c => c.Options.Where(o => !o.Hidden && o.Recursive)).Select(Option));
        if (command is RootCommand)
        {
            Section(text, "EXIT STATUS", ExitCodes.All.Select(c => (Bold($"{c.Code}"), c.Meaning)));
            Section(text, "ENVIRONMENT", ExampleHelp.Variables.Select(v => (Bold(v.Name), v.Meaning)));
        }
        if (command is IExampled { Examples: { Count: > 0 } examples })
            text.Append(".SH EXAMPLES\n.nf\n").Append(string.Concat(examples.Select(e => Roff.Line(e) + "\n"))).Append(".fi\n");
        var related = ancestry.Count > 0 ? [new ManPage(ancestry[^1], [.. ancestry.SkipLast(1)])] : new List<ManPage>();
        related.AddRange(Visible(command).Select(c => new ManPage(c, [.. ancestry, command])));
        if (related.Count > 0) text.Append(".SH SEE ALSO\n").Append(string.Join(",\n", related.Select(p => Bold(p.PageName) + "(1)"))).Append('\n');
        return text.ToString();
    }

    private static IEnumerable<ManPage> Below(Command command, IReadOnlyList<Command> ancestry) =>
        Visible(command).SelectMany(c => Below(c, [.. ancestry, command])).Prepend(new ManPage(command, ancestry));

    private static IEnumerable<Command> Visible(Command command) => command.Subcommands.Where(c => !c.Hidden);

    private string Synopsis()
    {
        var parts = new List<string> { Bold(Words) };
        if (Visible(command).Any()) parts.Add(Italic("command"));
        foreach (var argument in command.Arguments.Where(a => !a.Hidden))
        {
            var name = Italic(argument.Name) + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
            parts.Add(argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name);
        }
        parts.AddRange(command.Options.Where(o => o.Required).Select(o => Option(o).Head));
        parts.Add($"[{Italic("options")}]");
        return string.Join(' ', parts);
    }

    private static (string Head, string Meaning) Option(Option option)
    {
        var names = option.Aliases.Where(a => a is not ("-?" or "/?" or "/h")).Prepend(option.Name).OrderBy(n => n.Length).Select(Bold);
        return (string.Join(", ", names) + (option.HelpName is { } value ? " " + Italic(value) : ""), option.Description ?? "");
    }

    private static void Section(StringBuilder text, string title, IEnumerable<(string Head, string Meaning)> entries)
    {
        var list = entries.ToList();
        if (list.Count == 0) return;
        text.Append(".SH ").Append(title).Append('\n');
        foreach (var (head, meaning) in list) text.Append(".TP\n").Append(head).Append('\n').Append(Roff.Line(meaning)).Append('\n');
    }

    private static string Bold(string text) => $@"\fB{Roff.Line(text)}\fR";

    private static string Italic(string text) => $@"\fI{Roff.Line(text)}\fR";

    private static string NameOf(Command command) => command is RootCommand ? "grpcca" : command.Name;

    private static string FirstSentence(string text)
    {
        var end = text.IndexOfAny(['.', ';']);
        return end < 0 ? text : text[..end];
    }
}
