using System.Text.Json;
using System.Text.Unicode;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>The members of a protected header that ACME knows (RFC 8555 §6.2), each absent or of the right type.</summary>
internal sealed class ProtectedHeader
{
    public string? Algorithm { get; private set; }

    public string? Nonce { get; private set; }

    public string? Url { get; private set; }

    public string? Kid { get; private set; }

    /// <summary>The JSON text of <c>jwk</c>, not yet looked into.</summary>
    public byte[]? Jwk { get; private set; }

    /// <summary>Reads as much as can be read and notes the first fault.</summary>
    public static ProtectedHeader Read(ReadOnlySpan<byte> json, string what, JwsLimits limits, FirstFault fault)
    {
        var header = new ProtectedHeader();
        if (json.Length > limits.MaxHeaderBytes)
        {
            fault.Malformed($"the protected header of {what} has {json.Length} bytes, at most {limits.MaxHeaderBytes} are read");
            return header;
        }
        if (!Utf8.IsValid(json))
        {
            fault.Malformed($"the protected header of {what} is not UTF-8");
            return header;
        }
        try
        {
            header.ReadMembers(json, what, limits, fault);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            fault.Malformed($"the protected header of {what} is broken JSON or nested deeper than {limits.MaxDepth}");
        }
        return header;
    }

    private void ReadMembers(ReadOnlySpan<byte> json, string what, JwsLimits limits, FirstFault fault)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = limits.MaxDepth });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            fault.Malformed($"the protected header of {what} is not a JSON object");
            return;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // Of a header that is refused only the nonce still matters.
            if (fault.Refusal is not null && Nonce is not null) return;
            var name = reader.GetString()!;
            reader.Read();
            if (!seen.Add(name))
                fault.Malformed($"the protected header of {what} has the member {Excerpt.Of(name)} twice");
            else if (seen.Count > limits.MaxHeaderMembers)
                fault.Malformed($"the protected header of {what} has more than {limits.MaxHeaderMembers} members");
            else
                ReadMember(name, ref reader, json, what, fault);
            reader.Skip();
        }
        reader.Read();
    }

    private void ReadMember(string name, ref Utf8JsonReader reader, ReadOnlySpan<byte> json, string what, FirstFault fault)
    {
        switch (name)
        {
            case "alg":
                Algorithm = TextOf(name, ref reader, what, fault);
                break;
            case "nonce":
                Nonce = TextOf(name, ref reader, what, fault);
                break;
            case "url":
                Url = TextOf(name, ref reader, what, fault);
                break;
            case "kid":
                Kid = TextOf(name, ref reader, what, fault);
                break;
            case "jwk" when reader.TokenType == JsonTokenType.StartObject:
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                Jwk = json[start..(int)reader.BytesConsumed].ToArray();
                break;
            case "jwk":
                fault.Malformed($"jwk in the protected header of {what} must be an object");
                break;
            // RFC 7515 §4.1.11: what crit lists must be understood; nothing that it could list is. RFC 7797: b64 needs crit.
            case "crit" or "b64":
                fault.Malformed($"the protected header of {what} has {name}, which is not supported");
                break;
        }
    }

    private static string? TextOf(string name, ref Utf8JsonReader reader, string what, FirstFault fault)
    {
        if (reader.TokenType == JsonTokenType.String) return reader.GetString();
        fault.Malformed($"{name} in the protected header of {what} must be a string");
        return null;
    }
}
