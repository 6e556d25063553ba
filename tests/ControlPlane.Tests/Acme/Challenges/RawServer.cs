using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges;

/// <summary>A web server that says exactly what a test wants said, byte for byte, and counts who came.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly Func<Stream, string, CancellationToken, Task> answer;
    private readonly X509Certificate2? certificate;
    private readonly SslProtocols protocols;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentBag<Task> conversations = [];
    private readonly Task running;
    private int connections;

    private RawServer(TcpListener listener, Func<Stream, string, CancellationToken, Task> answer, X509Certificate2? certificate, SslProtocols protocols)
    {
        this.listener = listener;
        this.answer = answer;
        this.certificate = certificate;
        this.protocols = protocols;
        running = Task.Run(AcceptAsync);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref connections);

    /// <summary>The heads of the requests, in the order they came.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The answer gets the stream and the request's path; when it returns, the connection closes.</summary>
    public static RawServer Start(Func<Stream, string, CancellationToken, Task> answer, string address = "127.0.0.1", int port = 0,
        X509Certificate2? certificate = null, SslProtocols protocols = SslProtocols.None)
    {
        var listening = new TcpListener(IPAddress.Parse(address), port);
        listening.Start();
        return new RawServer(listening, answer, certificate, protocols);
    }

    /// <summary>Always the same bytes.</summary>
    public static RawServer Start(string response, string address = "127.0.0.1", int port = 0) =>
        Start((stream, _, stop) => stream.WriteAsync(Encoding.Latin1.GetBytes(response), stop).AsTask(), address, port);

    /// <summary>The same on several addresses of one port number.</summary>
    public static IReadOnlyList<RawServer> StartOnOnePort(Func<Stream, string, CancellationToken, Task> answer, params string[] addresses)
    {
        while (true)
        {
            var started = new List<RawServer> { Start(answer, addresses[0]) };
            try
            {
                foreach (var address in addresses.Skip(1)) started.Add(Start(answer, address, started[0].Port));
                return started;
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // The number is taken on one of the addresses: another number.
                foreach (var server in started) server.listener.Dispose();
            }
        }
    }

    public static string Ok(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.Latin1.GetByteCount(body)}\r\n\r\n{body}";

    public static string Redirect(string location, int status = 302) => $"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n";

    public static Task SayAsync(Stream stream, string text, CancellationToken stop) => stream.WriteAsync(Encoding.Latin1.GetBytes(text), stop).AsTask();

    /// <summary>Says nothing until the server stops.</summary>
    public static Task SilenceAsync(CancellationToken stop) => new TaskCompletionSource().Task.WaitAsync(stop);

    /// <summary>A certificate nobody has a reason to trust: expired, for another name, and of an issuer that is nowhere to be found.</summary>
    public static X509Certificate2 Untrusted(Action<CertificateRequest>? change = null)
    {
        var (from, to) = (new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=nowhere", issuerKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using var issuer = root.CreateSelfSigned(from, to);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=nobody.test", key, HashAlgorithmName.SHA256);
        change?.Invoke(request);
        using var made = request.Create(issuer, from, to, [1]).CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

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
                Interlocked.Increment(ref connections);
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
            await using var stream = await SecureAsync(connection.GetStream());
            var head = await ReadHeadAsync(stream);
            if (head.Length == 0) return;
            Requests.Enqueue(head);
            await answer(stream, head.Split(' ')[1], stopping.Token);
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or AuthenticationException)
        {
            // The validator hung up, as it may.
        }
    }

    private async Task<Stream> SecureAsync(Stream stream)
    {
        if (certificate is null) return stream;
        var secure = new SslStream(stream);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            // Offline: the server's own side must not fetch issuers either, or it would be taken for the validator.
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
            EnabledSslProtocols = protocols,
        }, stopping.Token);
        return secure;
    }

    private async Task<string> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var buffer = new byte[2048];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, stopping.Token);
            if (read == 0) return "";
            head.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        return head.ToString();
    }
}
