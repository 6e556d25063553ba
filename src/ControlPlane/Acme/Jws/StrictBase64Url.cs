using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>base64url as JWS means it (RFC 7515 §2): no padding, no white space, one text for each value.</summary>
internal static class StrictBase64Url
{
    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    /// <summary>Decodes; false for a foreign character, padding, an impossible length or stray bits at the end.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, [NotNullWhen(true)] out byte[]? value)
    {
        value = null;
        // The platform's decoder skips white space and accepts padding, so the text is checked first.
        if (text.Length % 4 == 1 || text.ContainsAnyExcept(Alphabet) || HasStrayBits(text)) return false;
        value = Base64Url.DecodeFromUtf8(text);
        return true;
    }

    /// <inheritdoc cref="TryDecode(ReadOnlySpan{byte}, out byte[])"/>
    public static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? value)
    {
        value = null;
        return Ascii.IsValid(text) && TryDecode(Encoding.ASCII.GetBytes(text), out value);
    }

    // The last character of a short group carries bits beyond the last byte; they are zero in the one canonical text.
    private static bool HasStrayBits(ReadOnlySpan<byte> text) => (text.Length % 4) switch
    {
        2 => (Sextet(text[^1]) & 0b1111) != 0,
        3 => (Sextet(text[^1]) & 0b11) != 0,
        _ => false,
    };

    private static int Sextet(byte c) => c switch
    {
        >= (byte)'A' and <= (byte)'Z' => c - 'A',
        >= (byte)'a' and <= (byte)'z' => c - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => c - '0' + 52,
        (byte)'-' => 62,
        _ => 63,
    };
}
