using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>
/// An object of a signed payload: typed reads that refuse with the member's path. Unknown members are ignored
/// (RFC 8555 §7.3), a member that is null counts as absent, members that are there twice were refused before.
/// </summary>
internal sealed partial class JsonPayload
{
    private readonly JsonElement element;
    private readonly string path;

    private JsonPayload(JsonElement element, string path)
    {
        this.element = element;
        this.path = path;
    }

    /// <summary>The object's own JSON text, for what is signed or parsed by itself (an inner JWS, a JWK).</summary>
    public byte[] RawJson => JsonMarshal.GetRawUtf8Value(element).ToArray();

    /// <summary>Whether the member is there and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>The member whatever its type; null when absent.</summary>
    public JsonElement? Find(string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? FindString(string name) => Find(name) is { } value ? StringOf(value, PathOf(name)) : null;

    public string RequireString(string name) => FindString(name) ?? throw Missing(name);

    public bool? FindBoolean(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Malformed($"{PathOf(name)} must be true or false"),
    };

    /// <summary>A time with its offset (RFC 3339).</summary>
    public DateTimeOffset? FindTime(string name)
    {
        if (Find(name) is not { } value) return null;
        var text = StringOf(value, PathOf(name));
        // The platform also reads dates without time or offset; RFC 3339 §5.6 does not know those.
        var hasOffset = text.Length >= 20 && text[10] == 'T' && (text[^1] == 'Z' || (text[^3] == ':' && text[^6] is '+' or '-'));
        return hasOffset && value.TryGetDateTimeOffset(out var time)
            ? time
            : throw Malformed($"{PathOf(name)} must be a time such as 2030-01-02T03:04:05Z");
    }

    public byte[] RequireBase64Url(string name) => StrictBase64Url.TryDecode(RequireString(name), out var value)
        ? value
        : throw Malformed($"{PathOf(name)} is not base64url without padding");

    public JsonPayload? FindObject(string name) => Find(name) is { } value ? ObjectOf(value, PathOf(name)) : null;

    public JsonPayload RequireObject(string name) => FindObject(name) ?? throw Missing(name);

    /// <summary>An array of strings; null when absent, so that an empty one can mean "clear" (RFC 8555 §7.3.2).</summary>
    public ImmutableArray<string>? FindStrings(string name, int atMost) => FindArray(name, atMost, StringOf);

    /// <summary>An array of objects; null when absent.</summary>
    public ImmutableArray<JsonPayload>? FindObjects(string name, int atMost) => FindArray(name, atMost, ObjectOf);

    public ImmutableArray<JsonPayload> RequireObjects(string name, int atMost) => FindObjects(name, atMost) ?? throw Missing(name);

    private ImmutableArray<T>? FindArray<T>(string name, int atMost, Func<JsonElement, string, T> read)
    {
        if (Find(name) is not { } value) return null;
        var at = PathOf(name);
        if (value.ValueKind != JsonValueKind.Array) throw Malformed($"{at} must be an array");
        var count = value.GetArrayLength();
        if (count > atMost) throw Malformed($"{at} has {count} elements, at most {atMost} are accepted");
        return [.. value.EnumerateArray().Select((item, i) => read(item, $"{at}[{i}]"))];
    }

    private string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private RefusalException Missing(string name) => Malformed($"{PathOf(name)} is missing");

    private static string StringOf(JsonElement value, string at) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Malformed($"{at} must be a string");

    private static JsonPayload ObjectOf(JsonElement value, string at) =>
        value.ValueKind == JsonValueKind.Object ? new(value, at) : throw Malformed($"{at} must be an object");

    private static RefusalException Malformed(string detail) => new(RefusalReason.Malformed, detail);
}
