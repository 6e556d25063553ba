using System.Globalization;
using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.Http01;

/// <summary>Reads one HTTP/1.1 response from a connection that closes after it (RFC 9112 §6), never more than it may.</summary>
internal sealed class ResponseReader(Stream stream, AttemptTrace trace)
{
    private const int MaxHead = 16 * 1024;
    private const int MaxInterim = 5;
    private const int MaxLine = 200;

    // Answers to a challenge are short; only longer heads take more.
    private const int UsualHead = 1024;

    private byte[] buffer = new byte[UsualHead];
    private int start;
    private int end;

    private ReadOnlySpan<byte> Unread => buffer.AsSpan(start, end - start);

    /// <summary>The head of the final response; interim ones (1xx) are passed over.</summary>
    public async Task<ResponseHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        for (var interim = 0; interim <= MaxInterim; interim++)
        {
            var length = await HeadLengthAsync(cancellationToken);
            var head = ResponseHead.Parse(buffer.AsSpan(start, length));
            start += length;
            if (head.Status is >= 200 or 101) return head;
        }
        throw ResponseHead.Garbage($"more than {MaxInterim} interim responses");
    }

    /// <summary>The whole body, framed by length, by chunks or by the end of the connection.</summary>
    /// <exception cref="AttemptFailedException">It is longer than <paramref name="most"/>, or cut off.</exception>
    public async Task<byte[]> ReadBodyAsync(ResponseHead head, int most, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        if (head.Chunked) await ReadChunksAsync(body, most, cancellationToken);
        else if (head.ContentLength is { } length) await ReadExactlyAsync(body, length, most, cancellationToken);
        else while (await HasMoreAsync(cancellationToken)) Take(body, end - start, most);
        return body.ToArray();
    }

    /// <summary>What there is of the body, for a sentence about a response that is refused anyway.</summary>
    public async Task<byte[]> PeekBodyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await HasMoreAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            return [];
        }
        return Unread[..Math.Min(SafeExcerpt.MaxLength, end - start)].ToArray();
    }

    private async Task<int> HeadLengthAsync(CancellationToken cancellationToken)
    {
        var searched = 0;
        while (true)
        {
            if (EndOfHead(Unread, searched) is { } length) return length;
            searched = Math.Max(0, end - start - 2);
            if (end - start == MaxHead) throw ResponseHead.Garbage($"its header has more than {MaxHead} bytes");
            // Garbage shows itself at once; there is no use in waiting for more of it.
            if (!"HTTP/1."u8[..Math.Min(7, end - start)].SequenceEqual(Unread[..Math.Min(7, end - start)]))
                throw ResponseHead.Garbage($"\"{SafeExcerpt.Of(Unread)}\"");
            if (await FillAsync(cancellationToken)) continue;
            throw new AttemptFailedException(RefusalReason.Connection, end == start
                ? $"{trace.AddressDialled} closed the connection without an answer to {trace.Url}"
                : $"{trace.AddressDialled} closed the connection in the middle of the header of {trace.Url}");
        }
    }

    /// <summary>The length of the head with its empty line, which may be written with or without CR.</summary>
    private static int? EndOfHead(ReadOnlySpan<byte> bytes, int from)
    {
        for (var at = from; at < bytes.Length; at++)
        {
            if (bytes[at] != '\n') continue;
            if (at + 1 < bytes.Length && bytes[at + 1] == '\n') return at + 2;
            if (at + 2 < bytes.Length && bytes[at + 1] == '\r' && bytes[at + 2] == '\n') return at + 3;
        }
        return null;
    }

    private async Task ReadExactlyAsync(MemoryStream body, long length, int most, CancellationToken cancellationToken)
    {
        if (body.Length + length > most) throw TooLong(most);
        for (var left = length; left > 0;)
        {
            if (!await HasMoreAsync(cancellationToken))
                throw new AttemptFailedException(RefusalReason.Connection,
                    $"{trace.AddressDialled} closed the connection after {length - left} of {length} bytes of {trace.Url}");
            var taken = (int)Math.Min(left, end - start);
            Take(body, taken, most);
            left -= taken;
        }
    }

    // RFC 9112 §7.1; trailers are of no interest, the connection ends here.
    private async Task ReadChunksAsync(MemoryStream body, int most, CancellationToken cancellationToken)
    {
        while (true)
        {
            var line = await ReadLineAsync(cancellationToken);
            var digits = line.Split(';')[0].Trim(' ', '\t');
            if (digits.Length is 0 or > 15 || !long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size))
                throw ResponseHead.Garbage($"the chunk size \"{SafeExcerpt.Of(line)}\"");
            if (size == 0) return;
            await ReadExactlyAsync(body, size, most, cancellationToken);
            if ((await ReadLineAsync(cancellationToken)).Length > 0) throw ResponseHead.Garbage("a chunk longer than it says");
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (!await HasMoreAsync(cancellationToken))
                throw new AttemptFailedException(RefusalReason.Connection, $"{trace.AddressDialled} closed the connection in the middle of the body of {trace.Url}");
            var octet = buffer[start++];
            if (octet == '\n') return line.ToString().TrimEnd('\r');
            if (line.Length == MaxLine) throw ResponseHead.Garbage("a chunk header without end");
            line.Append((char)octet);
        }
    }

    private void Take(MemoryStream body, int count, int most)
    {
        if (body.Length + count > most) throw TooLong(most);
        body.Write(buffer.AsSpan(start, count));
        start += count;
        trace.BytesRead = body.Length;
        trace.Enter($"reading the body of {trace.Url} from {trace.AddressDialled}, {body.Length} bytes so far");
    }

    private async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken)
    {
        if (start < end) return true;
        start = end = 0;
        return await FillAsync(cancellationToken);
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (end == buffer.Length) MakeRoom();
        var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
        end += read;
        return read > 0;
    }

    private void MakeRoom()
    {
        // A head without an end is refused before it is longer than it may be.
        var room = start > 0 ? buffer : new byte[Math.Min(MaxHead, 2 * buffer.Length)];
        Unread.CopyTo(room);
        (buffer, start, end) = (room, 0, end - start);
    }

    private AttemptFailedException TooLong(int most) =>
        new(RefusalReason.IncorrectResponse, $"the answer to {trace.Url} from {trace.AddressDialled} is longer than {most} bytes");
}
