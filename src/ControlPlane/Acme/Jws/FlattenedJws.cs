using System.Text.Json;
using System.Text.Unicode;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>The three parts of a flattened JWS (RFC 7515 §7.2.2), as text and as bytes; the only place that splits one.</summary>
internal sealed class FlattenedJws
{
    private readonly Dictionary<string, (byte[] Text, byte[] Value)> parts = new(3, StringComparer.Ordinal);

    /// <summary>The protected header's JSON; null when the reading did not get that far.</summary>
    public byte[]? Protected => parts.TryGetValue("protected", out var part) ? part.Value : null;

    public byte[] Payload => parts["payload"].Value;

    /// <summary>What is signed: the ASCII of <c>protected.payload</c>, exactly as it came (RFC 7515 §5.2).</summary>
    public byte[] SigningInput => [.. parts["protected"].Text, (byte)'.', .. parts["payload"].Text];

    public byte[] Signature => parts["signature"].Value;

    /// <summary>Reads as much as can be read and notes the first fault; with a fault only <see cref="Protected"/> may be used.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="what">What a sentence calls it, such as "the request body".</param>
    /// <param name="limits">Size and depth.</param>
    /// <param name="fault">Where the first fault goes.</param>
    public static FlattenedJws Read(ReadOnlySpan<byte> json, string what, JwsLimits limits, FirstFault fault)
    {
        var jws = new FlattenedJws();
        if (json.Length > limits.MaxBodyBytes)
        {
            fault.Malformed($"{what} has {json.Length} bytes, at most {limits.MaxBodyBytes} are read");
            return jws;
        }
        // The reader checks only the strings that are looked at, so the whole text is checked here.
        if (!Utf8.IsValid(json))
        {
            fault.Malformed($"{what} is not UTF-8");
            return jws;
        }
        try
        {
            jws.ReadMembers(json, what, limits, fault);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            fault.Malformed($"{what} is not a flattened JWS: the JSON is broken or nested deeper than {limits.MaxDepth}");
        }
        foreach (var name in (ReadOnlySpan<string>)["protected", "payload", "signature"])
            if (!jws.parts.ContainsKey(name)) fault.Malformed($"{what} has no member '{name}'");
        return jws;
    }

    /// <summary>Checks the signature; the refusal never says which part is wrong.</summary>
    public void Verify(JwsAlgorithm algorithm, JsonWebKey key, string what)
    {
        if (!algorithm.Fits(key.PublicKey.Type))
        {
            throw new RefusalException(RefusalReason.BadSignatureAlgorithm,
                $"alg {algorithm} of {what} does not fit the key, which is {key.PublicKey.TypeText}");
        }
        if (!key.PublicKey.Verify(algorithm.Scheme(), SigningInput, Signature, EcdsaEncoding.Fixed))
            throw new RefusalException(RefusalReason.Malformed, "the JWS signature does not verify");
    }

    private void ReadMembers(ReadOnlySpan<byte> json, string what, JwsLimits limits, FirstFault fault)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = limits.MaxDepth });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            fault.Malformed($"{what} is not a JSON object");
            return;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // Of a body that is refused only the protected header still matters, for its nonce.
            if (fault.Refusal is not null && Protected is not null) return;
            var name = reader.GetString()!;
            reader.Read();
            if (fault.Refusal is null || name == "protected") ReadMember(name, ref reader, what, fault);
            reader.Skip();
        }
        // Reads on to the end of the text, so that anything after the object is seen.
        reader.Read();
    }

    private void ReadMember(string name, ref Utf8JsonReader reader, string what, FirstFault fault)
    {
        // RFC 8555 §6.2: no unprotected header, one signature; other members are refused with them.
        if (name is not ("protected" or "payload" or "signature"))
            fault.Malformed($"{what} has the member {Excerpt.Of(name)}; a flattened JWS here has protected, payload and signature");
        else if (reader.TokenType != JsonTokenType.String)
            fault.Malformed($"'{name}' of {what} must be a string");
        else
        {
            var text = TextOf(ref reader);
            if (!StrictBase64Url.TryDecode(text, out var value))
                fault.Malformed($"'{name}' of {what} is not base64url without padding");
            else if (!parts.TryAdd(name, (text, value)))
                fault.Malformed($"{what} has the member '{name}' twice");
        }
    }

    private static byte[] TextOf(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan.ToArray();
        var buffer = new byte[reader.ValueSpan.Length];
        return buffer[..reader.CopyString(buffer)];
    }
}
