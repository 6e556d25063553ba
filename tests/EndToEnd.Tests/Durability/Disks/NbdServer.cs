using System.Buffers.Binary;
using System.Net.Sockets;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>
/// Serves a <see cref="VolatileDisk"/> to nbdfuse over a Unix socket: the fixed newstyle handshake and simple replies of the NBD
/// protocol (github.com/NetworkBlockDevice/nbd, doc/proto.md), with the requests a file system needs.
/// </summary>
internal sealed class NbdServer : IAsyncDisposable
{
    private const ulong Greeting = 0x4e42444d41474943, Option = 0x49484156454f5054, OptionReply = 0x3e889045565a9;
    private const uint Request = 0x25609513, SimpleReply = 0x67446698;
    private const int IoError = 5, InvalidError = 22;

    // Flags are valid, flush, FUA, several connections that see one cache.
    private const ushort Features = 1 | 1 << 2 | 1 << 3 | 1 << 8;
    private const int LongestRequest = 32 << 20;

    private readonly VolatileDisk disk;
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task accepting;

    public NbdServer(VolatileDisk disk, string socket)
    {
        this.disk = disk;
        listener.Bind(new UnixDomainSocketEndPoint(socket));
        listener.Listen();
        accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true) served.Add(ServeAsync(await listener.AcceptAsync(stopping.Token)));
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (await ShakeHandsAsync(stream)) await AnswerAsync(stream);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            // The other side is gone, or this one stops.
        }
    }

    private async Task<bool> ShakeHandsAsync(NetworkStream stream)
    {
        var hello = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(hello, Greeting);
        BinaryPrimitives.WriteUInt64BigEndian(hello.AsSpan(8), Option);
        BinaryPrimitives.WriteUInt16BigEndian(hello.AsSpan(16), 0b11);
        await stream.WriteAsync(hello, stopping.Token);
        await ReadAsync(stream, 4);
        while (true)
        {
            var head = await ReadAsync(stream, 16);
            var option = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(8));
            await ReadAsync(stream, (int)BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(12)));
            switch (option)
            {
                // INFO and GO.
                case 6 or 7:
                    await ReplyAsync(stream, option, 3, Export());
                    await ReplyAsync(stream, option, 1, []);
                    if (option == 7) return true;
                    break;
                case 2:
                    await ReplyAsync(stream, option, 1, []);
                    return false;
                default:
                    await ReplyAsync(stream, option, 0x80000001, []);
                    break;
            }
        }
    }

    private byte[] Export()
    {
        var export = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(export.AsSpan(2), (ulong)disk.Size);
        BinaryPrimitives.WriteUInt16BigEndian(export.AsSpan(10), Features);
        return export;
    }

    private async Task ReplyAsync(NetworkStream stream, uint option, uint type, byte[] content)
    {
        var reply = new byte[20 + content.Length];
        BinaryPrimitives.WriteUInt64BigEndian(reply, OptionReply);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(8), option);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(12), type);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(16), (uint)content.Length);
        content.CopyTo(reply, 20);
        await stream.WriteAsync(reply, stopping.Token);
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        while (true)
        {
            var head = await ReadAsync(stream, 28);
            if (BinaryPrimitives.ReadUInt32BigEndian(head) != Request) throw new IOException("this is no request of NBD");
            var (flags, type) = (BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(4)), BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(6)));
            var (offset, length) = ((long)BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(16)), (int)BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(24)));
            if (type == 2) return;
            if (length > LongestRequest) throw new IOException($"a request of {length} bytes");
            var content = type == 1 ? await ReadAsync(stream, length) : [];
            var reply = new byte[16 + (type == 0 ? length : 0)];
            var error = Do(type, mustLast: (flags & 1) != 0, offset, length, content, reply.AsSpan(16));
            BinaryPrimitives.WriteUInt32BigEndian(reply, SimpleReply);
            BinaryPrimitives.WriteInt32BigEndian(reply.AsSpan(4), error);
            head.AsSpan(8, 8).CopyTo(reply.AsSpan(8));
            await stream.WriteAsync(error == 0 ? reply : reply.AsMemory(0, 16), stopping.Token);
        }
    }

    private int Do(ushort type, bool mustLast, long offset, int length, byte[] content, Span<byte> into)
    {
        if (type != 3 && (offset < 0 || offset + length > disk.Size)) return InvalidError;
        return type switch
        {
            0 => disk.TryRead(offset, into) ? 0 : IoError,
            1 => disk.TryWrite(offset, content) && (!mustLast || disk.TryFlush()) ? 0 : IoError,
            3 => disk.TryFlush() ? 0 : IoError,
            _ => InvalidError,
        };
    }

    private async Task<byte[]> ReadAsync(NetworkStream stream, int length)
    {
        var content = new byte[length];
        await stream.ReadExactlyAsync(content, stopping.Token);
        return content;
    }
}
