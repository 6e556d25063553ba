using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>The fields in which two messages of one type differ, for people to read.</summary>
internal static class MessageChanges
{
    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default);

    /// <summary>The differing fields by their paths; fields of a message that only one of them has count one by one.</summary>
    /// <param name="before">Null for a message that is new.</param>
    /// <param name="after">Null for one that goes.</param>
    public static IEnumerable<FieldChange> Between(IMessage? before, IMessage? after)
    {
        var descriptor = (before ?? after)?.Descriptor;
        return descriptor is null ? [] : Between(before, after, descriptor, "");
    }

    private static IEnumerable<FieldChange> Between(IMessage? before, IMessage? after, MessageDescriptor descriptor, string prefix)
    {
        foreach (var field in descriptor.Fields.InDeclarationOrder())
        {
            object? old = Value(before, field), next = Value(after, field);
            if (field is { FieldType: FieldType.Message, IsRepeated: false } && field.MessageType.File.Package == "grpcca.v1")
            {
                foreach (var change in Between((IMessage?)old, (IMessage?)next, field.MessageType, prefix + field.Name + ".")) yield return change;
                continue;
            }
            string was = Text(field, old), becomes = Text(field, next);
            if (was != becomes) yield return new FieldChange { Path = prefix + field.Name, Before = was, After = becomes };
        }
    }

    private static object? Value(IMessage? message, FieldDescriptor field) => message is null ? null : field.Accessor.GetValue(message);

    // A default is as good as nothing: proto3 does not tell them apart.
    private static string Text(FieldDescriptor field, object? value) => value switch
    {
        null or "" or false or 0 or 0L => "",
        IList { Count: 0 } => "",
        IList list => "[" + string.Join(", ", list.Cast<object>().Select(item => Text(field, item))) + "]",
        bool => "true",
        string text => '"' + System.Text.Json.JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString() + '"',
        IMessage message => Json.Format(message),
        System.Enum number => field.EnumType.FindValueByNumber(Convert.ToInt32(number)) is { } known ? $"\"{known.Name}\"" : Convert.ToInt32(number).ToString(),
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
    };
}
