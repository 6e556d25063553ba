using System.Text.Json;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>The string members of a JWK object, each there once; private ones are refused on sight.</summary>
internal sealed class JwkMembers
{
    private readonly Dictionary<string, string?> members = new(StringComparer.Ordinal);
    private readonly string what;

    private JwkMembers(string what) => this.what = what;

    public static JwkMembers Read(ReadOnlySpan<byte> json, string what, JwsLimits limits)
    {
        var found = new JwkMembers(what);
        try
        {
            found.ReadMembers(json, limits);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Malformed($"{what} is broken JSON or nested deeper than {limits.MaxDepth}");
        }
        return found;
    }

    /// <summary>A required string.</summary>
    public string Text(string name)
    {
        if (!members.TryGetValue(name, out var text)) throw Malformed($"{what} has no member '{name}'");
        return text ?? throw Malformed($"'{name}' of {what} must be a string");
    }

    /// <summary>A required base64url value.</summary>
    public byte[] Bytes(string name) => StrictBase64Url.TryDecode(Text(name), out var value)
        ? value
        : throw Malformed($"'{name}' of {what} is not base64url without padding");

    /// <summary>A required base64url value of exactly that many bytes.</summary>
    public byte[] Bytes(string name, int length)
    {
        var value = Bytes(name);
        return value.Length == length
            ? value
            : throw new RefusalException(RefusalReason.BadPublicKey, $"'{name}' of {what} has {value.Length} bytes, it must have {length}");
    }

    private void ReadMembers(ReadOnlySpan<byte> json, JwsLimits limits)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = limits.MaxDepth });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw Malformed($"{what} must be an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            // RFC 7518 §6.2.2, §6.3.2, §6.4.1: whoever sends one of these has given the key away.
            if (name is "d" or "p" or "q" or "dp" or "dq" or "qi" or "oth" or "k")
            {
                throw new RefusalException(RefusalReason.BadPublicKey,
                    $"{what} has the private member '{name}'; that key is no longer secret, make another one");
            }
            reader.Read();
            if (!members.TryAdd(name, reader.TokenType == JsonTokenType.String ? reader.GetString() : null))
                throw Malformed($"{what} has the member {Excerpt.Of(name)} twice");
            if (members.Count > limits.MaxHeaderMembers) throw Malformed($"{what} has more than {limits.MaxHeaderMembers} members");
            reader.Skip();
        }
        reader.Read();
    }

    private static RefusalException Malformed(string detail) => new(RefusalReason.Malformed, detail);
}
