using System.Globalization;
using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.Http01;

/// <summary>What http-01 wants to know of a response before its body (RFC 9112 §4–6).</summary>
/// <param name="ContentLength">Null without the header, or when the body is chunked.</param>
internal sealed record ResponseHead(int Status, string? Location, long? ContentLength, bool Chunked)
{
    /// <summary>Reads status line and fields; lines end in LF, a CR before it is dropped (RFC 9112 §2.2).</summary>
    /// <exception cref="AttemptFailedException">It is no HTTP/1 response.</exception>
    public static ResponseHead Parse(ReadOnlySpan<byte> head)
    {
        var lines = Encoding.Latin1.GetString(head).Split('\n');
        var status = ParseStatus(lines[0].TrimEnd('\r'));
        string? location = null;
        long? length = null;
        var chunked = false;
        foreach (var raw in lines.AsSpan(1))
        {
            var line = raw.TrimEnd('\r');
            if (line.Length == 0) break;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            // A name of nothing, or with blanks around it, is how requests and responses are smuggled (RFC 9112 §5.1).
            if (colon < 1 || line.AsSpan(0, colon).ContainsAny(' ', '\t')) throw Garbage($"a header line \"{SafeExcerpt.Of(line)}\"");
            var value = line[(colon + 1)..].Trim(' ', '\t');
            switch (line[..colon].ToLowerInvariant())
            {
                case "location":
                    location ??= value;
                    break;
                case "content-length":
                    length = ParseLength(value, length);
                    break;
                case "transfer-encoding":
                    if (!value.Equals("chunked", StringComparison.OrdinalIgnoreCase)) throw Garbage($"the transfer encoding \"{SafeExcerpt.Of(value)}\"");
                    chunked = true;
                    break;
                default:
                    break;
            }
        }
        // RFC 9112 §6.3: chunked overrides a length.
        return new ResponseHead(status, location, chunked ? null : length, chunked);
    }

    private static int ParseStatus(string line)
    {
        // HTTP/1.x, a blank, three digits, and nothing or a blank behind them.
        if (line.Length >= 12 && line.StartsWith("HTTP/1.", StringComparison.Ordinal) && char.IsAsciiDigit(line[7]) && line[8] == ' '
            && (line.Length == 12 || line[12] == ' ')
            && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status >= 100)
            return status;
        throw Garbage($"\"{SafeExcerpt.Of(line)}\"");
    }

    private static long ParseLength(string value, long? before)
    {
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length)) throw Garbage($"the content length \"{SafeExcerpt.Of(value)}\"");
        if (before is not null && before != length) throw Garbage("two different content lengths");
        return length;
    }

    internal static AttemptFailedException Garbage(string what) =>
        new(RefusalReason.IncorrectResponse, $"the answer is no HTTP/1.1 response: {what}");
}
