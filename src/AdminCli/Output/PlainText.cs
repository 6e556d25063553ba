using System.Globalization;
using System.Text;

namespace GrpcCa.AdminCli.Output;

/// <summary>
/// Makes text from outside harmless for a terminal: contacts and user agents are chosen by ACME clients, so control
/// characters and text direction marks in them are shown as escapes, never sent.
/// </summary>
internal static class PlainText
{
    public static string Of(string text)
    {
        if (!text.Any(IsUnsafe)) return text;
        var plain = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            if (IsUnsafe(c)) plain.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else plain.Append(c);
        }
        return plain.ToString();
    }

    private static bool IsUnsafe(char c) =>
        char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
