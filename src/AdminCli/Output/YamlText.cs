using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GrpcCa.AdminCli.Output;

/// <summary>Writes a JSON document as YAML 1.2: block style, and strings quoted wherever YAML might read them as something else.</summary>
internal static class YamlText
{
    public static string Format(JsonNode node)
    {
        var text = new StringBuilder();
        if (node is JsonObject { Count: > 0 } or JsonArray { Count: > 0 }) Write(text, node, 0);
        else text.Append(Scalar(node)).Append('\n');
        return text.ToString().TrimEnd('\n');
    }

    // Every call begins where the indentation has been written already.
    private static void Write(StringBuilder text, JsonNode? node, int indent)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                var first = true;
                foreach (var (name, value) in members)
                {
                    if (!first) text.Append(' ', indent);
                    first = false;
                    text.Append(Text(name)).Append(':');
                    WriteValue(text, value, indent);
                }
                break;
            case JsonArray { Count: > 0 } items:
                for (var i = 0; i < items.Count; i++)
                {
                    if (i > 0) text.Append(' ', indent);
                    text.Append("- ");
                    Write(text, items[i], indent + 2);
                }
                break;
            default:
                text.Append(Scalar(node)).Append('\n');
                break;
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int indent)
    {
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            text.Append('\n').Append(' ', indent + 2);
            Write(text, value, indent + 2);
            return;
        }
        text.Append(' ').Append(Scalar(value)).Append('\n');
    }

    private static string Scalar(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ => node.GetValueKind() == JsonValueKind.String ? Text(node.GetValue<string>()) : node.ToJsonString(),
    };

    // A JSON string is a YAML double-quoted scalar; plain ones are only words that mean nothing else in any YAML version.
    private static string Text(string text) => IsPlain(text) ? text : JsonText.Format(JsonValue.Create(text));

    private static bool IsPlain(string text) =>
        text.Length > 0 && (char.IsAsciiLetter(text[0]) || text[0] == '/') && text[^1] != ' ' && text[^1] != ':'
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or ':' or ' ' or '*')
        && !text.Contains(": ", StringComparison.Ordinal)
        && text.ToLowerInvariant() is not ("true" or "false" or "yes" or "no" or "on" or "off" or "null" or "y" or "n");
}
