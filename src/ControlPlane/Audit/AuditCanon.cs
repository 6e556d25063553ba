using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace GrpcCa.ControlPlane.Audit;

/// <summary>
/// The canonical bytes of an event: UTF-8 JSON without white space, members always in the order id, time, action,
/// actor, resource, facts; strings escaped as RFC 8785 §3.2.2.2 does. The same event is the same bytes for ever.
/// </summary>
internal static class AuditCanon
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static byte[] Write(string id, AuditEvent auditEvent)
    {
        var text = new StringBuilder(256);
        Member(text.Append('{'), "id", id);
        Member(text.Append(','), "time", auditEvent.Time.ToUniversalTime().ToString(TimeFormat, CultureInfo.InvariantCulture));
        Member(text.Append(','), "action", auditEvent.Action);
        Member(text.Append(','), "actor", auditEvent.Actor);
        Member(text.Append(','), "resource", auditEvent.Resource);
        text.Append(",\"facts\":{");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in auditEvent.Facts)
        {
            if (!names.Add(name)) throw new ArgumentException($"the fact '{name}' stands twice in an event {auditEvent.Action}");
            if (names.Count > 1) text.Append(',');
            Member(text, name, value);
        }
        return Encoding.UTF8.GetBytes(text.Append("}}").ToString());
    }

    public static AuditEvent Read(ReadOnlyMemory<byte> canonical)
    {
        using var document = JsonDocument.Parse(canonical);
        var root = document.RootElement;
        return new AuditEvent(
            DateTimeOffset.ParseExact(Text(root, "time"), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
            Text(root, "action"), Text(root, "actor"), Text(root, "resource"),
            [.. root.GetProperty("facts").EnumerateObject().Select(fact => KeyValuePair.Create(fact.Name, fact.Value.GetString() ?? ""))]);
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? "";

    private static void Member(StringBuilder text, string name, string value)
    {
        Quoted(text, name);
        Quoted(text.Append(':'), value);
    }

    private static void Quoted(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\t' => text.Append("\\t"),
                '\n' => text.Append("\\n"),
                '\f' => text.Append("\\f"),
                '\r' => text.Append("\\r"),
                < ' ' => text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }
        text.Append('"');
    }
}
