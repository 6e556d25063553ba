using System.Text.Json;
using System.Text.Unicode;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

internal sealed partial class JsonPayload
{
    /// <summary>Reads an object within the limits; refuses everything else, so that the typed reads cannot fail otherwise.</summary>
    public static JsonPayload Parse(ReadOnlySpan<byte> utf8, JwsLimits limits)
    {
        if (!Utf8.IsValid(utf8)) throw Malformed("the payload is not UTF-8");
        try
        {
            RequireFewTokens(utf8, limits);
            var root = JsonElement.Parse(utf8, new JsonDocumentOptions { MaxDepth = limits.MaxDepth, AllowDuplicateProperties = false });
            return root.ValueKind == JsonValueKind.Object ? new(root, "") : throw Malformed("the payload is not a JSON object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Malformed($"the payload is broken JSON, nested deeper than {limits.MaxDepth}, or has a member twice");
        }
    }

    // Runs before the document is built, whose search for duplicates is dearer than a reading.
    private static void RequireFewTokens(ReadOnlySpan<byte> utf8, JwsLimits limits)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = limits.MaxDepth });
        for (var tokens = 0; reader.Read(); tokens++)
        {
            if (tokens == limits.MaxPayloadTokens) throw Malformed($"the payload has more than {limits.MaxPayloadTokens} JSON tokens");
            // An escape may stand for half a surrogate pair, which is not text; it must not surface later.
            if (reader.ValueIsEscaped) reader.GetString();
        }
    }
}
