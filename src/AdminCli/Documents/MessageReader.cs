using System.Globalization;
using System.Text.Json.Nodes;
using Google.Api;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.AdminCli.Output;
using GrpcCa.Host;

namespace GrpcCa.AdminCli.Documents;

/// <summary>
/// Holds a document against a message of the API: every fault with its place, and the message as JSON. What is faulty or
/// missing gets a stand-in there, so that the server can be asked about the rest; <see cref="Faults"/> must be told first.
/// </summary>
internal sealed class MessageReader
{
    private const string StandIn = "?";

    private readonly Dictionary<string, (int Line, int Column)> places = new(StringComparer.Ordinal);

    public List<DocumentFault> Faults { get; } = [];

    /// <summary>The message's JSON (the protobuf mapping) from the document at the path.</summary>
    public JsonObject Read(DocumentNode node, MessageDescriptor message, string path)
    {
        Note(node, path);
        var json = new JsonObject();
        var given = new Dictionary<FieldDescriptor, DocumentScalar>();
        if (node is DocumentMap map)
            foreach (var (name, value) in map.Members) ReadMember(json, message, path, given, name, value);
        else if (node is not DocumentScalar { IsNothing: true }) Fault(node, path, "must be a mapping of names to values");
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            if (given.ContainsKey(field) || !IsRequired(field)) continue;
            if (node is DocumentMap) Fault(node, $"{path}.{field.Name}", "is required");
            json[field.JsonName] = Missing(field, path);
        }
        return json;
    }

    /// <summary>
    /// The place in the file of a path that the server names: its own, or that of what holds it.
    /// </summary>
    public (int Line, int Column) PlaceOf(string path)
    {
        for (var at = path; at.Length > 0; at = Parent(at))
            if (places.TryGetValue(at, out var place)) return place;
        return (1, 1);
    }

    /// <summary>Whether the path is that of a fault, or lies within one: what the server says of it is about the stand-in.</summary>
    public bool IsFaulty(string path)
    {
        for (var at = path; at.Length > 0; at = Parent(at))
            if (Faults.Exists(f => f.Path == at)) return true;
        return false;
    }

    private void ReadMember(
        JsonObject json, MessageDescriptor message, string path, Dictionary<FieldDescriptor, DocumentScalar> given, DocumentScalar name, DocumentNode value)
    {
        if (message.Fields.InDeclarationOrder().FirstOrDefault(f => f.JsonName == name.Text || f.Name == name.Text) is not { } field)
        {
            var close = Suggestions.Closest(name.Text, message.Fields.InDeclarationOrder().Select(f => f.JsonName));
            Fault(name, $"{path}.{name.Text}", close is null ? "is unknown" : $"is unknown; did you mean '{close}'?");
            return;
        }
        var at = $"{path}.{field.Name}";
        places[at] = (name.Line, name.Column);
        if (!given.TryAdd(field, name))
        {
            Fault(name, at, "stands here a second time");
            return;
        }
        if (value is DocumentScalar { IsNothing: true } && field.IsRepeated) return;
        if (value is DocumentScalar { IsNothing: true } && !IsRequired(field)) return;
        if (field.RealContainingOneof is { } one && one.Fields.FirstOrDefault(f => f != field && given.ContainsKey(f)) is { } other)
        {
            Fault(name, at, $"cannot stand beside '{other.JsonName}'");
            return;
        }
        var read = field.IsRepeated ? (JsonNode)List(value, field, at) : Single(value, field, at);
        // A stand-in only where something has to stand.
        if (IsRequired(field) || !Faults.Exists(f => f.Path == at)) json[field.JsonName] = read;
    }

    private JsonArray List(DocumentNode value, FieldDescriptor field, string path)
    {
        var array = new JsonArray();
        if (value is not DocumentList list)
        {
            Fault(value, path, "must be a list");
            return IsRequired(field) ? [MissingOne(field, path)] : array;
        }
        for (var i = 0; i < list.Items.Count; i++)
        {
            var at = $"{path}[{i}]";
            Note(list.Items[i], at);
            array.Add(Single(list.Items[i], field, at));
        }
        return array;
    }

    private JsonNode Single(DocumentNode value, FieldDescriptor field, string path)
    {
        if (field.FieldType == FieldType.Message && field.MessageType.FullName is not ("google.protobuf.Duration" or "google.protobuf.Timestamp"))
            return Read(value, field.MessageType, path);
        if (value is not DocumentScalar { IsNothing: false } scalar)
        {
            Fault(value, path, value is DocumentScalar ? "is empty" : "must be a single value");
            return Missing(field, path);
        }
        if (ScalarOf(scalar, field) is { } found) return found;
        Fault(scalar, path, $"'{Short(scalar.Text)}' is not {Wanted(field)}");
        return Missing(field, path);
    }

    private static JsonNode? ScalarOf(DocumentScalar scalar, FieldDescriptor field)
    {
        var text = scalar.Text;
        switch (field.FieldType)
        {
            case FieldType.Bool:
                return scalar.IsPlain && text is "true" or "false" ? text == "true" : null;
            case FieldType.Int32 or FieldType.Int64:
                return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    && (field.FieldType == FieldType.Int64 || number is >= int.MinValue and <= int.MaxValue) ? number : null;
            case FieldType.Enum:
                return EnumWords.Find(field.EnumType, text)?.Name;
            case FieldType.Message when field.MessageType.FullName == "google.protobuf.Duration":
                return SecondsOf(text) is { } seconds ? seconds.ToString("0.#########", CultureInfo.InvariantCulture) + "s" : null;
            case FieldType.Message:
                return When.TryParseMoment(text, out var moment) ? moment.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture) : null;
            case FieldType.String:
                return IsIdentifier(field) && !text.Contains('/', StringComparison.Ordinal) && CollectionOf(field) is { } collection ? $"{collection}/{text}" : text;
            default:
                throw new InvalidOperationException($"a document holds no field of type {field.FieldType} ({field.FullName})");
        }
    }

    // 30d as people write it, 1.5s as protobuf's JSON does.
    private static decimal? SecondsOf(string text)
    {
        if (ConfigurationReader.TryParseDuration(text, out var span)) return (decimal)span.TotalSeconds;
        return text.EndsWith('s') && decimal.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds < 315_576_000_000m ? seconds : null;
    }

    private static string Wanted(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Bool => "true or false",
        FieldType.Int32 or FieldType.Int64 => "a whole number",
        FieldType.Enum => $"one of {string.Join(", ", EnumWords.All(field.EnumType))}",
        FieldType.Message when field.MessageType.FullName == "google.protobuf.Duration" => "a span of time such as 90s, 24h or 30d",
        _ => "a date (2026-12-31) or a time (2026-12-31T12:00:00Z)",
    };

    // Whatever the server says of it is not told: the fault here was told already.
    private static JsonNode Missing(FieldDescriptor field, string path)
    {
        if (field.IsRepeated) return new JsonArray(MissingOne(field, path));
        return MissingOne(field, path);
    }

    private static JsonNode MissingOne(FieldDescriptor field, string path) => field.FieldType switch
    {
        FieldType.Bool => false,
        FieldType.Int32 or FieldType.Int64 => 0,
        FieldType.Enum => field.EnumType.Values[^1].Name,
        FieldType.Message when field.MessageType.FullName == "google.protobuf.Duration" => "86400s",
        FieldType.Message when field.MessageType.FullName == "google.protobuf.Timestamp" => "9999-01-01T00:00:00Z",
        FieldType.Message => new JsonObject(field.MessageType.Fields.InDeclarationOrder().Where(IsRequired).Select(f => KeyValuePair.Create(f.JsonName, (JsonNode?)Missing(f, path)))),
        _ => IsIdentifier(field) && CollectionOf(field) is { } collection ? $"{collection}/x{Math.Abs((long)path.GetHashCode(StringComparison.Ordinal))}" : StandIn,
    };

    private static bool IsRequired(FieldDescriptor field) => IsIdentifier(field) || Behaviours(field).Contains(FieldBehavior.Required);

    private static bool IsIdentifier(FieldDescriptor field) => Behaviours(field).Contains(FieldBehavior.Identifier);

    private static Google.Protobuf.Collections.RepeatedField<FieldBehavior> Behaviours(FieldDescriptor field) => field.GetOptions()?.GetExtension(FieldBehaviorExtensions.FieldBehavior) ?? [];

    private static string? CollectionOf(FieldDescriptor field) =>
        field.ContainingType.GetOptions()?.GetExtension(ResourceExtensions.Resource) is { Pattern: [var pattern, ..] } ? pattern[..pattern.IndexOf('/', StringComparison.Ordinal)] : null;

    private static string Parent(string path) => path.LastIndexOfAny(['.', '[']) is var cut and > 0 ? path[..cut] : "";

    private static string Short(string text) => text.Length <= 60 ? text : text[..60] + "…";

    private void Note(DocumentNode node, string path) => places.TryAdd(path, (node.Line, node.Column));

    private void Fault(DocumentNode node, string path, string description) => Faults.Add(new DocumentFault(node.Line, node.Column, path, description));
}
