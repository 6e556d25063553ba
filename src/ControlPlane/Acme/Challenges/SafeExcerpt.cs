using System.Globalization;
using System.Text;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>Shows a stranger's bytes in a sentence: printable ASCII as it is, all else as <c>\xNN</c>, at most 100 characters.</summary>
internal static class SafeExcerpt
{
    public const int MaxLength = 100;

    public static string Of(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(MaxLength);
        foreach (var octet in bytes)
        {
            var next = octet is >= 0x20 and < 0x7f and not (byte)'\\' and not (byte)'"'
                ? ((char)octet).ToString()
                : string.Create(CultureInfo.InvariantCulture, $"\\x{octet:x2}");
            if (text.Length + next.Length > MaxLength - 1) return text.Append('…').ToString();
            text.Append(next);
        }
        return text.ToString();
    }

    /// <summary>The same for text of one octet a character, as header values are.</summary>
    public static string Of(string latin1) => Of(Encoding.Latin1.GetBytes(latin1));
}
