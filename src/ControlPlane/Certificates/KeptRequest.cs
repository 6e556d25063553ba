using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text.Json;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>
/// How the store keeps a signed request with its certificate: a flattened JWS (RFC 7515 §7.2.2) without its base64url, and the
/// CSR of a finalize without its second one. A third is saved, which is what lets two certificates stand on a page. What is read
/// back has the very texts that were signed; only spaces between members and their order are not kept.
/// </summary>
/// <remarks>
/// Layout: a byte, <see cref="Plain"/> or <see cref="WithCsr"/>; the lengths of protected header and payload, 32 bits each,
/// big-endian; header, payload (or the CSR alone) and signature. What is none of this, such as a token, a CSR or what was stored
/// before, stands as it is: JSON begins with a brace, DER with 0x30.
/// </remarks>
internal static class KeptRequest
{
    private const byte Plain = 1, WithCsr = 2;
    private const int Header = 9, MembersAround = 64;

    private static ReadOnlySpan<byte> CsrBefore => "{\"csr\":\""u8;

    private static ReadOnlySpan<byte> CsrAfter => "\"}"u8;

    /// <summary>What is stored for a request; the request itself when it is no flattened JWS, or would not be read back as it is.</summary>
    public static byte[]? Pack(byte[]? request)
    {
        if (request is null || TextsOf(request) is not { } texts) return request;
        var packed = Pack(texts);
        return TextsOf(Unpack(packed)) == texts ? packed : request;
    }

    /// <summary>The request again.</summary>
    public static byte[]? Unpack(byte[]? stored)
    {
        if (stored is null or { Length: < Header } || stored[0] is not (Plain or WithCsr)) return stored;
        var rest = stored.AsSpan(Header);
        var header = rest[..BinaryPrimitives.ReadInt32BigEndian(stored.AsSpan(1))];
        var kept = rest.Slice(header.Length, BinaryPrimitives.ReadInt32BigEndian(stored.AsSpan(5)));
        var request = new ArrayBufferWriter<byte>((2 * stored.Length) + MembersAround);
        request.Write("{\"protected\":\""u8);
        WriteText(request, header);
        request.Write("\",\"payload\":\""u8);
        WriteText(request, stored[0] == Plain ? kept : PayloadOf(kept));
        request.Write("\",\"signature\":\""u8);
        WriteText(request, rest[(header.Length + kept.Length)..]);
        request.Write("\"}"u8);
        return request.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> csr)
    {
        var payload = new ArrayBufferWriter<byte>(Base64Url.GetEncodedLength(csr.Length) + MembersAround);
        payload.Write(CsrBefore);
        WriteText(payload, csr);
        payload.Write(CsrAfter);
        return payload.WrittenSpan;
    }

    private static void WriteText(ArrayBufferWriter<byte> writer, ReadOnlySpan<byte> content) =>
        writer.Advance(Base64Url.EncodeToUtf8(content, writer.GetSpan(Base64Url.GetEncodedLength(content.Length))));

    private static byte[] Pack(Texts texts)
    {
        var header = Base64Url.DecodeFromChars(texts.Header);
        var payload = Base64Url.DecodeFromChars(texts.Payload);
        var csr = CsrOf(payload);
        var kept = csr ?? payload;
        var signature = Base64Url.DecodeFromChars(texts.Signature);
        var packed = new byte[Header + header.Length + kept.Length + signature.Length];
        packed[0] = csr is null ? Plain : WithCsr;
        BinaryPrimitives.WriteInt32BigEndian(packed.AsSpan(1), header.Length);
        BinaryPrimitives.WriteInt32BigEndian(packed.AsSpan(5), kept.Length);
        header.CopyTo(packed, Header);
        kept.CopyTo(packed, Header + header.Length);
        signature.CopyTo(packed, Header + header.Length + kept.Length);
        return packed;
    }

    private static byte[]? CsrOf(ReadOnlySpan<byte> payload) =>
        payload.StartsWith(CsrBefore) && payload.EndsWith(CsrAfter) && payload.Length >= CsrBefore.Length + CsrAfter.Length
        && payload[CsrBefore.Length..^CsrAfter.Length] is var text && Base64Url.IsValid(text) ? Base64Url.DecodeFromUtf8(text) : null;

    // The three texts when there are just these, each of them base64url.
    private static Texts? TextsOf(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] != '{') return null;
        string? header = null, payload = null, signature = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString();
                reader.Read();
                if (reader.TokenType != JsonTokenType.String) return null;
                var text = reader.GetString();
                if (name == "protected" && header is null) header = text;
                else if (name == "payload" && payload is null) payload = text;
                else if (name == "signature" && signature is null) signature = text;
                else return null;
            }
            reader.Read();
        }
        catch (JsonException)
        {
            return null;
        }
        return header is not null && payload is not null && signature is not null && Base64Url.IsValid(header) && Base64Url.IsValid(payload) && Base64Url.IsValid(signature)
            ? new Texts(header, payload, signature)
            : null;
    }

    private sealed record Texts(string Header, string Payload, string Signature);
}
