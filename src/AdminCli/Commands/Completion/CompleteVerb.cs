using System.CommandLine;
using System.CommandLine.Completions;
using Grpc.Core;
using GrpcCa.AdminCli.Connection;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol.Identity;

namespace GrpcCa.AdminCli.Commands.Completion;

/// <summary>
/// <c>grpcca complete -- WORD…</c>, hidden: what the shell may offer for the last word, a line each, with a description
/// after a tab. It never fails and never waits long
/// without a --timeout of its own: a server that does not answer knows no ids.
/// </summary>
internal sealed class CompleteVerb : Verb
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public CompleteVerb() : base("complete", "What may follow on a command line; for the scripts of 'grpcca completion'.")
    {
        Hidden = true;
        Add(Words);
    }

    public Argument<string[]> Words { get; } = new("word") { Description = "The words after the program's name; the last one is being written", Arity = ArgumentArity.ZeroOrMore };

    public override IReadOnlyList<string> Examples => ["grpcca complete -- names al"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var words = context.Get(Words);
        var current = words is [.., var last] ? last : "";
        var root = new RootNoun();
        // Text, not words: the library completes at the cursor of a text. The current word is left out, so that ids may be put in before it filters.
        var text = string.Concat(words.SkipLast(1).Select(w => Quoted(w) + " "));
        var line = root.Parse(text);
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in line.GetCompletions(text.Length))
        {
            if (item.Kind != LiveIds.Kind) found.TryAdd(item.Label, FirstSentence(item.Detail));
            else foreach (var id in await IdsAsync(context, line, root.Globals, item.Label)) found.TryAdd(id, "");
        }
        foreach (var (label, description) in found.Where(f => IsWanted(f.Key, current)))
            context.Printer.Line(description.Length == 0 ? PlainText.Of(label) : $"{label}\t{description}");
        return ExitCodes.Ok;
    }

    // Options only for who begins one.
    private static bool IsWanted(string label, string current) =>
        label.StartsWith(current, StringComparison.OrdinalIgnoreCase) && label.StartsWith('-') == current.StartsWith('-') && label is not ("-?" or "-h" or "/?" or "/h");

    private static async Task<IEnumerable<string>> IdsAsync(CommandContext context, ParseResult line, GlobalOptions globals, string collection)
    {
        try
        {
            if (collection == LiveIds.ContextNames) return ContextBook.Load(context.Environment).Servers.Select(s => s.Name);
            using var server = new CommandContext(line, globals, context.Environment, context.Cancel) { Longest = context.HasTimeout ? context.Timeout : Patience };
            return [.. (await KnownResources.NamesAsync(server, collection)).Select(Ids.Short)];
        }
        catch (Exception fault) when (fault is RpcException or CliFailure or IdentityException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // Offering nothing is the answer: the command that is being written will say what is wrong.
            return [];
        }
    }

    private static string Quoted(string word) => word.Length == 0 || word.Any(char.IsWhiteSpace) ? $"\"{word.Replace("\"", "", StringComparison.Ordinal)}\"" : word;

    private static string FirstSentence(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var end = text.IndexOfAny(['.', ';', '\n']);
        return (end < 0 ? text : text[..end]).Replace('\t', ' ').Trim();
    }
}
