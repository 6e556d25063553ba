using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GrpcCa.Load.Answers;

/// <summary>Answers http-01 (RFC 8555 §8.3) on loopback, one request to a connection.</summary>
internal sealed class HttpResponder : IDisposable
{
    private const int MaxHead = 8192, Threads = 4;
    private const string Path = "/.well-known/acme-challenge/";

    // TCP_DEFER_ACCEPT: who connects is taken when the request is there.
    private const int Tcp = 6, DeferAccept = 9;

    private static readonly TimeSpan WaitForRequest = TimeSpan.FromSeconds(1);

    private readonly Socket listener;
    private readonly ChallengeAnswers answers;

    public HttpResponder(IPEndPoint at, ChallengeAnswers answers)
    {
        this.answers = answers;
        listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(at);
        if (OperatingSystem.IsLinux()) listener.SetRawSocketOption(Tcp, DeferAccept, BitConverter.GetBytes((int)WaitForRequest.TotalSeconds));
        listener.Listen(1024);
    }

    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => AnswerThread.Run("http-01 answers", listener, Serve, cancellationToken)));

    public void Dispose() => listener.Dispose();

    private void Serve()
    {
        var head = new byte[MaxHead];
        while (true)
        {
            using var peer = listener.Accept();
            try
            {
                Answer(peer, head);
            }
            catch (SocketException)
            {
                // The server went away or says nothing; the client that waits for it counts the error.
            }
        }
    }

    private void Answer(Socket peer, byte[] head)
    {
        peer.ReceiveTimeout = (int)WaitForRequest.TotalMilliseconds;
        var filled = 0;
        while (head.AsSpan(0, filled).IndexOf("\r\n\r\n"u8) < 0)
        {
            var read = peer.Receive(head.AsSpan(filled));
            if (read == 0) return;
            filled += read;
            if (filled == head.Length) return;
        }
        peer.Send(Reply(head.AsSpan(0, filled)));
        peer.Shutdown(SocketShutdown.Send);
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
