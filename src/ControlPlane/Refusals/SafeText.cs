using System.Text;

namespace GrpcCa.ControlPlane.Refusals;

/// <summary>Text from outside, made fit for a sentence: printable ASCII, of bounded length.</summary>
internal static class SafeText
{
    /// <summary>Escapes what is not printable ASCII as <c>\uXXXX</c> and cuts at <paramref name="most"/> characters.</summary>
    public static string Escape(ReadOnlySpan<char> text, int most = 100)
    {
        var safe = new StringBuilder(Math.Min(text.Length, most) + 3);
        foreach (var c in text)
        {
            if (safe.Length >= most) return safe.Append("...").ToString();
            if (c is >= ' ' and <= '~') safe.Append(c);
            else safe.Append("\\u").Append(((int)c).ToString("x4"));
        }
        return safe.ToString();
    }
}
