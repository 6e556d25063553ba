using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace GrpcCa.Load.Answers;

/// <summary>Answers every A question with 127.0.0.1 and every other with nothing (RFC 1035), over UDP and TCP.</summary>
internal sealed class DnsResponder : IDisposable
{
    private const int Header = 12, TypeA = 1;

    private readonly Socket datagrams;
    private readonly Socket listener;

    public DnsResponder(IPEndPoint at)
    {
        datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        datagrams.Bind(at);
        listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(at);
        listener.Listen(64);
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(AnswerThread.Run("dns answers", datagrams, ServeUdp, cancellationToken), ServeTcpAsync(cancellationToken));

    public void Dispose()
    {
        datagrams.Dispose();
        listener.Dispose();
    }

    private void ServeUdp()
    {
        var buffer = new byte[4096];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (true)
        {
            var length = datagrams.ReceiveFrom(buffer, SocketFlags.None, from);
            var reply = Reply(buffer.AsSpan(0, length));
            if (reply is not null) datagrams.SendTo(reply, SocketFlags.None, from);
        }
    }

    private async Task ServeTcpAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true) _ = AnswerAsync(await listener.AcceptAsync(cancellationToken), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private static async Task AnswerAsync(Socket peer, CancellationToken cancellationToken)
    {
        await using var stream = new NetworkStream(peer, ownsSocket: true);
        try
        {
            var size = new byte[2];
            await stream.ReadExactlyAsync(size, cancellationToken);
            var question = new byte[BinaryPrimitives.ReadUInt16BigEndian(size)];
            await stream.ReadExactlyAsync(question, cancellationToken);
            if (Reply(question) is not { } reply) return;
            BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)reply.Length);
            await stream.WriteAsync((byte[])[.. size, .. reply], cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // The server went away; it asks again or its client counts the error.
        }
    }

    private static byte[]? Reply(ReadOnlySpan<byte> query)
    {
        if (query.Length < Header + 5) return null;
        var end = Header;
        while (end < query.Length && query[end] != 0) end += query[end] + 1;
        if (end + 5 > query.Length) return null;
        var isA = BinaryPrimitives.ReadUInt16BigEndian(query[(end + 1)..]) == TypeA;
        var reply = new byte[end + 5 + (isA ? 16 : 0)];
        query[..(end + 5)].CopyTo(reply);
        // A response, authoritative, recursion as asked and available; one question, one or no answer.
        reply[2] = (byte)(0x84 | (query[2] & 1));
        reply[3] = 0x80;
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(6), (ushort)(isA ? 1 : 0));
        reply.AsSpan(8, 4).Clear();
        if (isA) ((ReadOnlySpan<byte>)[0xC0, Header, 0, TypeA, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]).CopyTo(reply.AsSpan(end + 5));
        return reply;
    }
}
