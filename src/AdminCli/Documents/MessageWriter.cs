using System.Globalization;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.AdminCli.Output;

namespace GrpcCa.AdminCli.Documents;

/// <summary>Writes a message as the document that <see cref="MessageReader"/> reads: no defaults, spans and enums as people write them.</summary>
internal static class MessageWriter
{
    public static JsonObject Write(IMessage message)
    {
        var document = new JsonObject();
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (field.IsRepeated)
            {
                var list = ((System.Collections.IList)value).Cast<object>().Select(item => Single(field, item)).ToArray();
                if (list.Length > 0) document[field.JsonName] = new JsonArray(list);
            }
            else if (field.HasPresence ? value is not null && field.Accessor.HasValue(message) : value is not (null or "" or false or 0 or 0L) && !IsZero(field, value))
            {
                document[field.JsonName] = Single(field, value!);
            }
        }
        return document;
    }

    private static bool IsZero(FieldDescriptor field, object value) => field.FieldType == FieldType.Enum && Convert.ToInt32(value, CultureInfo.InvariantCulture) == 0;

    private static JsonNode Single(FieldDescriptor field, object value) => value switch
    {
        Duration span => Span(span.ToTimeSpan()),
        Timestamp time => time.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        IMessage message => Write(message),
        string text => text,
        bool flag => flag,
        int number => number,
        long number => number,
        _ when field.FieldType == FieldType.Enum => field.EnumType.FindValueByNumber(Convert.ToInt32(value, CultureInfo.InvariantCulture)) is { } known
            ? EnumWords.Word(known)
            : throw new CliFailure(ExitCodes.Failed, "VERSION", $"{field.JsonName} has a value that this grpcca does not know", "use the grpcca of the server's version"),
        _ => throw new InvalidOperationException($"a document holds no field of type {field.FieldType} ({field.FullName})"),
    };

    private static string Span(TimeSpan span) =>
        span.Ticks % TimeSpan.TicksPerSecond == 0 ? When.Format(span) : span.TotalSeconds.ToString("0.#######", CultureInfo.InvariantCulture) + "s";
}
