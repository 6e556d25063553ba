using System.Globalization;
using System.Text;

namespace GrpcCa.AdminCli.Commands.Manual;

/// <summary>Writes text so that roff prints it as it is.</summary>
internal static class Roff
{
    /// <summary>One line: no request, no escape, hyphens that can be copied, ASCII only.</summary>
    public static string Line(string text)
    {
        var line = new StringBuilder(text.Length + 16);
        // A dot or an apostrophe begins a request only at the start of a line.
        if (text.StartsWith('.') || text.StartsWith('\'')) line.Append(@"\&");
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => line.Append(@"\e"),
                '-' => line.Append(@"\-"),
                '\'' => line.Append(@"\(aq"),
                '"' => line.Append(@"\(dq"),
                '~' => line.Append(@"\(ti"),
                '^' => line.Append(@"\(ha"),
                '`' => line.Append(@"\(ga"),
                '\n' => line.Append(' '),
                > 126 => line.Append(CultureInfo.InvariantCulture, $@"\[u{rune.Value:X4}]"),
                _ => line.Append(rune.ToString()),
            };
        }
        return line.ToString();
    }
}
