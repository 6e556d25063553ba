using System.Globalization;
using System.Text;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>Text from outside made fit for a sentence: quoted, short, and with every invisible character shown as <c>\uXXXX</c>.</summary>
internal static class Excerpt
{
    private const int Longest = 100;

    /// <summary>The text in single quotes; what is cut off is announced by its length.</summary>
    public static string Of(string? text)
    {
        if (text is null) return "nothing";
        var shown = new StringBuilder("'");
        for (var i = 0; i < Math.Min(text.Length, Longest); i++) Append(shown, text, ref i);
        shown.Append('\'');
        if (text.Length > Longest) shown.Append(CultureInfo.InvariantCulture, $" (the first {Longest} of {text.Length} characters)");
        return shown.ToString();
    }

    private static void Append(StringBuilder shown, string text, ref int i)
    {
        var c = text[i];
        if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
            && IsVisible(CharUnicodeInfo.GetUnicodeCategory(text, i)))
        {
            shown.Append(c).Append(text[++i]);
            return;
        }
        if (IsVisible(CharUnicodeInfo.GetUnicodeCategory(c)) && c is not ('\'' or '\\')) shown.Append(c);
        else shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
    }

    private static bool IsVisible(UnicodeCategory category) => category is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
