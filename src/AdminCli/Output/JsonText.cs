using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace GrpcCa.AdminCli.Output;

/// <summary>Protobuf's own JSON mapping, pretty printed: every scalar is present, enums by name, times in RFC 3339.</summary>
internal static class JsonText
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    // Shell and terminal, not a web page: names such as "a&b" stay readable.
    private static readonly JsonWriterOptions Pretty = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonObject Of(IMessage message) => JsonNode.Parse(Formatter.Format(message))!.AsObject();

    /// <summary>The same without line breaks.</summary>
    public static string Line(IMessage message) => Formatter.Format(message);

    public static JsonArray Of(IEnumerable<IMessage> messages)
    {
        var array = new JsonArray();
        foreach (var message in messages) array.Add((JsonNode)Of(message));
        return array;
    }

    public static string Format(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Pretty)) node.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Writes <c>{"member": [ … ], "truncated": false}</c> page by page, so that a long list needs no memory.</summary>
    public static async Task WriteListAsync(TextWriter output, string member, IAsyncEnumerable<IReadOnlyList<JsonObject>> pages, Func<bool> truncated)
    {
        var buffer = new ArrayBufferWriter<byte>();
        await using var writer = new Utf8JsonWriter(buffer, Pretty);
        writer.WriteStartObject();
        writer.WriteStartArray(member);
        await foreach (var page in pages)
        {
            foreach (var item in page) item.WriteTo(writer);
            await DrainAsync();
        }
        writer.WriteEndArray();
        writer.WriteBoolean("truncated", truncated());
        writer.WriteEndObject();
        await DrainAsync();
        await output.WriteLineAsync();

        async Task DrainAsync()
        {
            await writer.FlushAsync();
            await output.WriteAsync(Encoding.UTF8.GetString(buffer.WrittenSpan));
            buffer.ResetWrittenCount();
        }
    }
}
