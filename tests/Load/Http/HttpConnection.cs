using System.Buffers.Text;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace GrpcCa.Load.Http;

/// <summary>
/// One kept-alive HTTPS connection with one request at a time: a client as small as can be, since it shares the
/// processors with the server that is measured.
/// </summary>
internal sealed class HttpConnection(Uri server, TlsTrust trust) : IAsyncDisposable
{
    private readonly string authority = server.IsDefaultPort ? server.Host : $"{server.Host}:{server.Port}";
    private byte[] output = new byte[4096];
    private byte[] input = new byte[16 * 1024];
    private int filled;
    private SslStream? stream;

    /// <summary>Sends one request and reads its answer; connects first when there is no open connection.</summary>
    public async ValueTask<HttpReply> SendAsync(string method, string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        try
        {
            stream ??= await ConnectAsync(cancellationToken);
            await stream.WriteAsync(Compose(method, path, body.Span), cancellationToken);
            return await ReceiveAsync(stream, withBody: method != "HEAD", cancellationToken);
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => CloseAsync();

    private async ValueTask CloseAsync()
    {
        if (stream is null) return;
        await stream.DisposeAsync();
        stream = null;
    }

    private async Task<SslStream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var wire = new PolledStream(socket);
        var secured = new SslStream(wire);
        try
        {
            // Elsewhere, since it blocks. The platform's other way would have another thread told of all that ever comes.
            await Task.Run(() =>
            {
                socket.Connect(server.Host, server.Port);
                secured.AuthenticateAsClient(trust.OptionsFor(server.Host));
            }, CancellationToken.None).WaitAsync(cancellationToken);
            wire.MoveTo(ClientThread.Mine);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync();
            throw;
        }
    }

    private ReadOnlyMemory<byte> Compose(string method, string path, ReadOnlySpan<byte> body)
    {
        var head = body.IsEmpty
            ? $"{method} {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: grpcca-load\r\n\r\n"
            : $"{method} {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: grpcca-load\r\nContent-Type: application/jose+json\r\nContent-Length: {body.Length}\r\n\r\n";
        if (output.Length < head.Length + body.Length) output = new byte[head.Length + body.Length];
        var length = Encoding.ASCII.GetBytes(head, output);
        body.CopyTo(output.AsSpan(length));
        return output.AsMemory(0, length + body.Length);
    }

    private async ValueTask<HttpReply> ReceiveAsync(SslStream from, bool withBody, CancellationToken cancellationToken)
    {
        filled = 0;
        var scanned = 0;
        int end;
        while ((end = input.AsSpan(scanned, filled - scanned).IndexOf("\r\n\r\n"u8)) < 0)
        {
            scanned = Math.Max(0, filled - 3);
            await FillAsync(from, cancellationToken);
        }
        var start = scanned + end + 4;
        var head = ReplyHead.Read(input.AsSpan(0, start));
        var body = ReadOnlyMemory<byte>.Empty;
        if (withBody && head.Status is not (204 or 304))
        {
            if (head.Chunked) body = await ReadChunksAsync(from, start, cancellationToken);
            else
            {
                while (filled < start + head.Length) await FillAsync(from, cancellationToken);
                body = input.AsMemory(start, head.Length);
            }
        }
        if (head.Closes) await CloseAsync();
        return new HttpReply(head.Status, head.Nonce, head.Location, body);
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadChunksAsync(SslStream from, int start, CancellationToken cancellationToken)
    {
        var at = start;
        var kept = start;
        while (true)
        {
            int line;
            while ((line = input.AsSpan(at, filled - at).IndexOf("\r\n"u8)) < 0) await FillAsync(from, cancellationToken);
            if (!Utf8Parser.TryParse(input.AsSpan(at, line), out int size, out _, 'x')) throw new IOException("a chunk has no size");
            at += line + 2;
            while (filled < at + size + 2) await FillAsync(from, cancellationToken);
            input.AsSpan(at, size).CopyTo(input.AsSpan(kept));
            kept += size;
            at += size + 2;
            if (size == 0) return input.AsMemory(start, kept - start);
        }
    }

    private async ValueTask FillAsync(SslStream from, CancellationToken cancellationToken)
    {
        if (filled == input.Length) Array.Resize(ref input, 2 * input.Length);
        var read = await from.ReadAsync(input.AsMemory(filled), cancellationToken);
        if (read == 0) throw new IOException("the server closed the connection");
        filled += read;
    }
}
