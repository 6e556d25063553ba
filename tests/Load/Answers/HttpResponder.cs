using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GrpcCa.Load.Answers;

/// <summary>Answers http-01 (RFC 8555 §8.3) on loopback, one request to a connection.</summary>
internal sealed class HttpResponder : IDisposable
{
    private const int MaxHead = 8192;
    private const string Path = "/.well-known/acme-challenge/";

    private readonly Socket listener;
    private readonly ChallengeAnswers answers;

    public HttpResponder(IPEndPoint at, ChallengeAnswers answers)
    {
        this.answers = answers;
        listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(at);
        listener.Listen(1024);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Socket peer;
            try
            {
                peer = await listener.AcceptAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            _ = AnswerAsync(peer, cancellationToken);
        }
    }

    public void Dispose() => listener.Dispose();

    private async Task AnswerAsync(Socket peer, CancellationToken cancellationToken)
    {
        using var _ = peer;
        var head = new byte[MaxHead];
        try
        {
            var filled = 0;
            while (head.AsSpan(0, filled).IndexOf("\r\n\r\n"u8) < 0)
            {
                var read = await peer.ReceiveAsync(head.AsMemory(filled), cancellationToken);
                if (read == 0) return;
                filled += read;
                if (filled == head.Length) return;
            }
            await peer.SendAsync(Reply(head.AsSpan(0, filled)), cancellationToken);
            peer.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            // The server went away; the client that waits for it counts the error.
        }
    }

    private byte[] Reply(ReadOnlySpan<byte> head)
    {
        var parts = Encoding.ASCII.GetString(head[..head.IndexOf("\r\n"u8)]).Split(' ');
        var body = parts.Length == 3 && parts[1].StartsWith(Path, StringComparison.Ordinal) ? answers.Find(parts[1][Path.Length..]) : null;
        return Encoding.ASCII.GetBytes(body is null
            ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            : $"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
    }
}
