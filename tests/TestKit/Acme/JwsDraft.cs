using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;

namespace GrpcCa.TestKit.Acme;

/// <summary>
/// A flattened JWS (RFC 7515 §7.2.2, RFC 8555 §6.2) on its way to being written: right by itself, and wrong in exactly
/// the way a test asks for.
/// </summary>
internal sealed record JwsDraft
{
    public required AcmeKey Key { get; init; }

    /// <summary>The signed <c>url</c>; null leaves it out.</summary>
    public string? Url { get; init; }

    /// <summary>Null leaves it out.</summary>
    public string? Nonce { get; init; }

    /// <summary>The account URL; without one the key itself goes into the header.</summary>
    public string? Kid { get; init; }

    /// <summary>The payload's text; empty for POST-as-GET (§6.3).</summary>
    public string Payload { get; init; } = "";

    /// <summary>Changes the protected header before it is signed.</summary>
    public Action<JsonObject>? Header { get; init; }

    /// <summary>Changes the header's text before it is signed.</summary>
    public Func<string, string>? HeaderText { get; init; }

    /// <summary>Changes the base64url of the header before it is signed.</summary>
    public Func<string, string>? Protected { get; init; }

    /// <summary>Changes the base64url of the payload before it is signed.</summary>
    public Func<string, string>? EncodedPayload { get; init; }

    /// <summary>The payload's bytes, where they are no text.</summary>
    public byte[]? PayloadBytes { get; init; }

    /// <summary>Changes the signature's bytes.</summary>
    public Func<byte[], byte[]>? Signature { get; init; }

    /// <summary>Changes the base64url of the signature.</summary>
    public Func<string, string>? EncodedSignature { get; init; }

    /// <summary>Changes the outer object after signing.</summary>
    public Action<JsonObject>? Outer { get; init; }

    /// <summary>Changes the text of the whole after signing.</summary>
    public Func<string, string>? Text { get; init; }

    /// <summary>The JWS as an object.</summary>
    public JsonObject Write()
    {
        var header = new JsonObject { ["alg"] = Key.Algorithm };
        if (Kid is not null) header["kid"] = Kid;
        else if (Key.Jwk.Count > 0) header["jwk"] = Key.Jwk.DeepClone();
        if (Nonce is not null) header["nonce"] = Nonce;
        if (Url is not null) header["url"] = Url;
        Header?.Invoke(header);
        var headerText = header.ToJsonString();
        var encodedHeader = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(HeaderText?.Invoke(headerText) ?? headerText));
        encodedHeader = Protected?.Invoke(encodedHeader) ?? encodedHeader;
        var payload = Base64Url.EncodeToString(PayloadBytes ?? Encoding.UTF8.GetBytes(Payload));
        payload = EncodedPayload?.Invoke(payload) ?? payload;
        var signature = Key.Sign(Encoding.UTF8.GetBytes($"{encodedHeader}.{payload}"));
        var encodedSignature = Base64Url.EncodeToString(Signature?.Invoke(signature) ?? signature);
        var jws = new JsonObject { ["protected"] = encodedHeader, ["payload"] = payload, ["signature"] = EncodedSignature?.Invoke(encodedSignature) ?? encodedSignature };
        Outer?.Invoke(jws);
        return jws;
    }

    /// <summary>The request body.</summary>
    public string WriteText()
    {
        var text = Write().ToJsonString();
        return Text?.Invoke(text) ?? text;
    }
}
