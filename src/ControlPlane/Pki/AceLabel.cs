using System.Globalization;
using System.Text;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>A-labels (RFC 5890 §2.3.2.1): <c>xn--</c> and the Punycode of a U-label that could stand in its place.</summary>
internal static class AceLabel
{
    private static readonly IdnMapping Mapping = new() { AllowUnassigned = false, UseStd3AsciiRules = true };

    /// <summary>True when the lower-cased label decodes, its characters are allowed, and encoding them gives the label again.</summary>
    public static bool IsValid(string label)
    {
        try
        {
            var unicode = Mapping.GetUnicode(label);
            return !Ascii.IsValid(unicode)
                && HasAllowedCharacters(unicode)
                && string.Equals(Mapping.GetAscii(unicode), label, StringComparison.Ordinal);
        }
        catch (ArgumentException)
        {
            return false; // IdnMapping's only way to say that the Punycode is broken
        }
    }

    // RFC 5892 §2.1 and §2.6 by general category, which leaves out what case folding would change; IsCompatibility leaves
    // out what NFKC would. The joiners of appendix A.1 and A.2 are refused: they are invisible.
    private static bool HasAllowedCharacters(string unicode)
    {
        if (unicode.StartsWith('-') || unicode.EndsWith('-')) return false;
        var position = 0;
        foreach (var rune in unicode.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            // RFC 5891 §4.2.3.2: no leading combining mark.
            if (position == 0 && category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark) return false;
            if (IsCompatibility(rune.Value)) return false;
            if (!IsLetterDigit(category) && rune.Value != '-' && !IsException(unicode, position)) return false;
            position += rune.Utf16SequenceLength;
        }
        return true;
    }

    private static bool IsLetterDigit(UnicodeCategory category) => category is UnicodeCategory.LowercaseLetter
        or UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.NonSpacingMark
        or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber;

    // RFC 5892 §2.2 by block: the programs run without normalisation tables (InvariantGlobalization).
    private static bool IsCompatibility(int c) => c is (>= 0x02b0 and <= 0x02b8) or (>= 0x02e0 and <= 0x02e4) or (>= 0x1d2c and <= 0x1d6a)
        or (>= 0x2070 and <= 0x209c) or (>= 0x2100 and <= 0x214f and not 0x214e) or (>= 0x3131 and <= 0x318e) or (>= 0xf900 and <= 0xfaff)
        or (>= 0xfb00 and <= 0xfdff) or (>= 0xfe70 and <= 0xfeff) or (>= 0xff00 and <= 0xffef)
        or (>= 0x1d400 and <= 0x1d7ff) or (>= 0x2f800 and <= 0x2fa1f);

    private static bool IsException(string text, int i) => text[i] switch
    {
        '\u06fd' or '\u06fe' or '\u0f0b' or '\u3007' => true, // RFC 5892 §2.6, PVALID
        '\u00b7' => i > 0 && i + 1 < text.Length && text[i - 1] == 'l' && text[i + 1] == 'l', // A.3, as in Catalan
        '\u0375' => i + 1 < text.Length && text[i + 1] is (>= '\u0370' and <= '\u03ff') or (>= '\u1f00' and <= '\u1fff'), // A.4
        '\u05f3' or '\u05f4' => i > 0 && text[i - 1] is >= '\u0590' and <= '\u05ff', // A.5, A.6
        '\u30fb' => text.Any(IsKanaOrHan), // A.7
        _ => false,
    };

    private static bool IsKanaOrHan(char c) =>
        c is (>= '\u3040' and <= '\u30ff' and not '\u30fb') or (>= '\u3400' and <= '\u9fff') or '\u3005' or '\u3007';
}
