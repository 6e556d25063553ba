using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.TestKit;

/// <summary>A TLS server of its own for a challenge: it shakes hands, notes the name asked for, and waits for the other side to close.</summary>
internal sealed class AlpnServer : IAsyncDisposable
{
    public const string AcmeTls = "acme-tls/1";

    private readonly TcpListener listener;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentBag<Task> conversations = [];
    private readonly Task running;

    public AlpnServer(X509Certificate2 certificate, string address = "127.0.0.1")
    {
        Certificate = certificate;
        listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        running = Task.Run(AcceptAsync);
    }

    public X509Certificate2 Certificate { get; set; }

    /// <summary>Empty: the server knows no ALPN.</summary>
    public string[] Protocols { get; init; } = [AcmeTls];

    public SslProtocols Versions { get; init; } = SslProtocols.None;

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Server names, in the order of arrival.</summary>
    public ConcurrentQueue<string> Names { get; } = new();

    /// <summary>What each finished conversation held after the handshake, in bytes.</summary>
    public ConcurrentQueue<int> Said { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        // It accepts no more: a listener that is gone is "not listening", which is no end but a fault.
        await running;
        listener.Dispose();
        await Task.WhenAll(conversations);
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptTcpClientAsync(stopping.Token);
                conversations.Add(Task.Run(() => ServeAsync(client)));
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The server stops: the loop's condition tells.
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            await using var tls = new SslStream(connection.GetStream());
            await tls.AuthenticateAsServerAsync((_, hello, _, _) => ValueTask.FromResult(Answer(hello)), null, stopping.Token);
            Said.Enqueue(await tls.ReadAsync(new byte[100], stopping.Token));
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or AuthenticationException)
        {
            // The validator hung up, as it may.
        }
    }

    private SslServerAuthenticationOptions Answer(SslClientHelloInfo hello)
    {
        Names.Enqueue(hello.ServerName);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(Certificate, additionalCertificates: null, offline: true),
            EnabledSslProtocols = Versions,
            ApplicationProtocols = Protocols.Length == 0 ? null : [.. Protocols.Select(name => new SslApplicationProtocol(name))],
        };
    }
}
