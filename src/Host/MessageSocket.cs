using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Google.Protobuf;

namespace GrpcCa.Host;

/// <summary>Protobuf messages over a connected socket, each behind its length: four bytes, big-endian. For one reader and one writer at a time.</summary>
/// <param name="socket">Closed with this.</param>
/// <param name="largest">Bytes of the largest message that is read.</param>
internal sealed class MessageSocket(Socket socket, int largest) : IDisposable
{
    private const int LengthSize = sizeof(int);

    // What a buffer is when nothing large has to go through it.
    private const int UsualBuffer = 16 * 1024, LargestKept = 256 * 1024;

    private readonly NetworkStream stream = new(socket, ownsSocket: true);
    private byte[] received = new byte[UsualBuffer];
    private int start, end;
    private ArrayBufferWriter<byte> sending = new(UsualBuffer);

    /// <summary>The next message; null when the other end closed the socket after a whole one.</summary>
    /// <exception cref="IOException">The socket is lost, or what came is no message.</exception>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken cancellationToken) where T : class, IMessage<T>
    {
        if (!await FillAsync(LengthSize, cancellationToken)) return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(received.AsSpan(start));
        if (length < 0 || length > largest) throw new IOException($"a message of {(uint)length} bytes; at most {largest} are read");
        start += LengthSize;
        if (!await FillAsync(length, cancellationToken)) throw new EndOfStreamException("the socket was closed within a message");
        var message = parser.ParseFrom(received, start, length);
        start += length;
        if (received.Length > LargestKept && start == end) (received, start, end) = (new byte[UsualBuffer], 0, 0);
        return message;
    }

    /// <summary>Sends a message.</summary>
    /// <exception cref="IOException">The socket is lost.</exception>
    public ValueTask WriteAsync(IMessage message, CancellationToken cancellationToken)
    {
        if (sending.Capacity > LargestKept) sending = new ArrayBufferWriter<byte>(UsualBuffer);
        sending.ResetWrittenCount();
        BinaryPrimitives.WriteInt32BigEndian(sending.GetSpan(LengthSize), message.CalculateSize());
        sending.Advance(LengthSize);
        message.WriteTo(sending);
        return stream.WriteAsync(sending.WrittenMemory, cancellationToken);
    }

    public void Dispose() => stream.Dispose();

    // False when nothing came any more and nothing was begun.
    private async ValueTask<bool> FillAsync(int count, CancellationToken cancellationToken)
    {
        if (start == end) start = end = 0;
        while (end - start < count)
        {
            if (received.Length - start < count) MakeRoom(count);
            var more = await stream.ReadAsync(received.AsMemory(end), cancellationToken);
            if (more == 0) return start == end && count == LengthSize ? false : throw new EndOfStreamException("the socket was closed within a message");
            end += more;
        }
        return true;
    }

    private void MakeRoom(int count)
    {
        var into = count <= received.Length ? received : new byte[Math.Min(Math.Max(count, 2 * received.Length), largest)];
        received.AsSpan(start, end - start).CopyTo(into);
        (received, start, end) = (into, 0, end - start);
    }
}
