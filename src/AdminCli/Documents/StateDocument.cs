using System.Text.Json.Nodes;
using Google.Protobuf;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Documents;

/// <summary>A file of declarative state: what it says, what is wrong with it, and which line a path of the server means.</summary>
internal sealed class StateDocument
{
    private const string Root = "state";

    private readonly MessageReader reader = new();
    private readonly string file;

    private StateDocument(string file, string text)
    {
        this.file = file;
        var json = new JsonObject();
        if (DocumentText.Read(text, reader.Faults) is { } node)
        {
            json = reader.Read(node, State.Descriptor, Root);
            Collections = node is DocumentMap map ? [.. map.Members.Select(m => m.Name.Text)] : [];
        }
        State = JsonParser.Default.Parse<State>(json.ToJsonString());
    }

    private StateDocument(string file, State state)
    {
        this.file = file;
        State = state;
    }

    /// <summary>The state; where the document is faulty, with stand-ins.</summary>
    public State State { get; }

    /// <summary>The members at the top of the document, also the empty ones.</summary>
    public IReadOnlyList<string> Collections { get; } = [];

    public bool HasFaults => reader.Faults.Count > 0;

    public static StateDocument Read(string file, string text) => new(file, text);

    /// <summary>A state that was made from a file of another kind.</summary>
    public static StateDocument Of(string file, State state) => new(file, state);

    /// <summary>The failure that tells every fault by file and line: the document's own, and what the server found in the rest of it.</summary>
    public CliFailure Failure(IEnumerable<FieldFault> fromServer)
    {
        var known = fromServer.Where(f => !reader.IsFaulty(f.Field)).Select(f => reader.PlaceOf(f.Field) is var (line, column) ? new DocumentFault(line, column, f.Field, f.Description) : null!);
        var all = reader.Faults.Concat(known).OrderBy(f => f.Line).ThenBy(f => f.Column).ToList();
        return new CliFailure(ExitCodes.Usage, "DOCUMENT", all.Count == 1 ? $"{file} has a mistake" : $"{file} has {all.Count} mistakes", "nothing was changed")
        {
            Fields = [.. all.Select(f => new FieldFault($"{file}:{f.Line}:{f.Column}", $"{Shown(f.Path)}{f.Description}"))],
        };
    }

    // state.name_levels[0].rules[2].expire_time → nameLevels[0].rules[2].expireTime, as it is written in documents.
    private static string Shown(string path)
    {
        if (path.Length <= Root.Length) return path == Root || path.Length == 0 ? "" : path + " ";
        var shown = path.StartsWith(Root + ".", StringComparison.Ordinal) ? path[(Root.Length + 1)..] : path;
        return string.Concat(shown.Select((c, i) => c == '_' ? "" : i > 0 && shown[i - 1] == '_' ? char.ToUpperInvariant(c).ToString() : c.ToString())) + ' ';
    }
}
