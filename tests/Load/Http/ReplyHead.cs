using System.Buffers.Text;
using System.Text;

namespace GrpcCa.Load.Http;

/// <summary>The status line and the few header fields that a client of ACME looks at.</summary>
internal readonly record struct ReplyHead(int Status, int Length, bool Chunked, bool Closes, string? Nonce, string? Location)
{
    public static ReplyHead Read(ReadOnlySpan<byte> head)
    {
        var line = head.IndexOf("\r\n"u8);
        if (line < 12 || !Utf8Parser.TryParse(head[9..], out int status, out _)) throw new IOException("not an HTTP/1.1 answer");
        var reply = new ReplyHead(status, 0, false, false, null, null);
        for (head = head[(line + 2)..]; (line = head.IndexOf("\r\n"u8)) > 0; head = head[(line + 2)..])
        {
            var colon = head[..line].IndexOf((byte)':');
            if (colon > 0) reply = reply.With(head[..colon], head[(colon + 1)..line].Trim((byte)' '));
        }
        return reply;
    }

    private ReplyHead With(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 8 when Ascii.EqualsIgnoreCase(name, "location"u8): return this with { Location = Encoding.ASCII.GetString(value) };
            case 10 when Ascii.EqualsIgnoreCase(name, "connection"u8): return this with { Closes = Ascii.EqualsIgnoreCase(value, "close"u8) };
            case 12 when Ascii.EqualsIgnoreCase(name, "replay-nonce"u8): return this with { Nonce = Encoding.ASCII.GetString(value) };
            case 14 when Ascii.EqualsIgnoreCase(name, "content-length"u8) && Utf8Parser.TryParse(value, out int length, out _): return this with { Length = length };
            case 17 when Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8): return this with { Chunked = true };
            default: return this;
        }
    }
}
