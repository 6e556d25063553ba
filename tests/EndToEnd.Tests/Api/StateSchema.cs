using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Api;
using Google.Protobuf.Reflection;

namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>The JSON schema of the files that <c>grpcca apply</c> reads, for editors that complete and check.</summary>
internal static class StateSchema
{
    private const string Package = ".grpcca.v1.";
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Render(byte[] descriptorSet)
    {
        var registry = new Google.Protobuf.ExtensionRegistry { FieldBehaviorExtensions.FieldBehavior };
        var files = FileDescriptorSet.Parser.WithExtensionRegistry(registry).ParseFrom(descriptorSet).File;
        var messages = files.SelectMany(f => f.MessageType.Select((m, i) => (Name: $".{f.Package}.{m.Name}", Message: m, File: f, Path: new[] { 4, i })))
            .ToDictionary(m => m.Name, m => new Known(m.Message, m.File, m.Path), StringComparer.Ordinal);
        var enums = files.SelectMany(f => f.EnumType.Select(e => ($".{f.Package}.{e.Name}", e)))
            .Concat(messages.SelectMany(m => m.Value.Message.EnumType.Select(e => ($"{m.Key}.{e.Name}", e)))).ToDictionary(e => e.Item1, e => e.Item2, StringComparer.Ordinal);
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "grpcca apply",
            ["$ref"] = "#/$defs/State",
        };
        var definitions = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        Define(".grpcca.v1.State");
        schema["$defs"] = new JsonObject(definitions);
        return schema.ToJsonString(Pretty) + "\n";

        void Define(string name)
        {
            if (!definitions.TryAdd(name[Package.Length..], null)) return;
            var (message, file, path) = messages[name];
            var members = new JsonObject();
            var required = new JsonArray();
            for (var i = 0; i < message.Field.Count; i++)
            {
                var field = message.Field[i];
                var behaviours = field.Options?.GetExtension(FieldBehaviorExtensions.FieldBehavior) ?? [];
                if (behaviours.Contains(FieldBehavior.Required) || behaviours.Contains(FieldBehavior.Identifier)) required.Add((JsonNode)field.JsonName);
                var one = TypeOf(field);
                var member = field.Label == FieldDescriptorProto.Types.Label.Repeated ? new JsonObject { ["type"] = new JsonArray("array", "null"), ["items"] = one } : one;
                member["description"] = Comment(file, [.. path, 2, i]);
                members[field.JsonName] = member;
            }
            var schema = new JsonObject { ["description"] = Comment(file, path), ["type"] = "object", ["additionalProperties"] = false, ["properties"] = members };
            if (required.Count > 0) schema["required"] = required;
            definitions[name[Package.Length..]] = schema;
        }

        JsonObject TypeOf(FieldDescriptorProto field)
        {
            switch (field.Type)
            {
                case FieldDescriptorProto.Types.Type.Bool: return new JsonObject { ["type"] = "boolean" };
                case FieldDescriptorProto.Types.Type.Int32 or FieldDescriptorProto.Types.Type.Int64: return new JsonObject { ["type"] = "integer" };
                case FieldDescriptorProto.Types.Type.Enum:
                    return new JsonObject { ["enum"] = new JsonArray([.. Words(field.TypeName[(field.TypeName.LastIndexOf('.') + 1)..], enums[field.TypeName])]) };
                case FieldDescriptorProto.Types.Type.Message when field.TypeName == ".google.protobuf.Duration":
                    return new JsonObject { ["type"] = "string", ["pattern"] = @"^([0-9]+[smhdy]|[0-9]+\.[0-9]+s)$" };
                case FieldDescriptorProto.Types.Type.Message when field.TypeName == ".google.protobuf.Timestamp":
                    return new JsonObject { ["type"] = "string", ["pattern"] = @"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$" };
                case FieldDescriptorProto.Types.Type.Message:
                    Define(field.TypeName);
                    return new JsonObject { ["$ref"] = "#/$defs/" + field.TypeName[Package.Length..] };
                default: return new JsonObject { ["type"] = "string" };
            }
        }
    }

    // CAA_MODE_CHECK of CaaMode is written check; the full name is read too.
    private static IEnumerable<JsonNode> Words(string name, EnumDescriptorProto values)
    {
        var prefix = string.Concat(name.Select((c, i) => i > 0 && char.IsAsciiLetterUpper(c) ? "_" + c : char.ToUpperInvariant(c).ToString())) + "_";
        return values.Value.Where(v => v.Number != 0).SelectMany(v => new[] { v.Name[prefix.Length..].ToLowerInvariant().Replace('_', '-'), v.Name }).Select(word => (JsonNode)word);
    }

    private static string Comment(FileDescriptorProto file, int[] path) =>
        string.Join(' ', (file.SourceCodeInfo.Location.FirstOrDefault(l => l.Path.SequenceEqual(path))?.LeadingComments ?? "").Split('\n').Select(line => line.Trim())).Trim();

    private sealed record Known(DescriptorProto Message, FileDescriptorProto File, int[] Path);
}
