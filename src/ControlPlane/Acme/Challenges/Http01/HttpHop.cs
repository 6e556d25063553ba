using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.Http01;

/// <summary>One request on a connection of its own. Nothing is kept between hops: no pool, proxy, cookies or decompression.</summary>
internal sealed class HttpHop(ValidationDialer dialer)
{
    // RFC 8555 §8.3 asks that the server's requests can be told apart.
    private static readonly string UserAgent =
        $"grpcca-validator/{typeof(HttpHop).Assembly.GetName().Version?.ToString(3)} (+https://www.rfc-editor.org/rfc/rfc8555#section-8.3)";

    /// <summary>Dials, sends the GET and reads the head; the caller reads the body and disposes the connection.</summary>
    public async Task<HttpAnswer> GetAsync(HttpTarget target, DialGuard guard, AttemptTrace trace, CancellationToken cancellationToken)
    {
        var socket = await dialer.DialAsync(target.Host, target.Port, guard, trace, cancellationToken);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (target.Secure) stream = await SecureAsync(stream, target, trace, cancellationToken);
            trace.Enter($"waiting for the answer of {trace.AddressDialled} to {target.Url}");
            await stream.WriteAsync(Request(target), cancellationToken);
            var reader = new ResponseReader(stream, trace);
            var head = await reader.ReadHeadAsync(cancellationToken);
            trace.HttpStatus = head.Status;
            return new HttpAnswer(stream, reader, head);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static byte[] Request(HttpTarget target) => Encoding.ASCII.GetBytes(
        $"GET {target.PathAndQuery} HTTP/1.1\r\nHost: {target.HostHeader}\r\nUser-Agent: {UserAgent}\r\nAccept: */*\r\n" +
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n");

    private static async Task<Stream> SecureAsync(Stream stream, HttpTarget target, AttemptTrace trace, CancellationToken cancellationToken)
    {
        trace.Enter($"the TLS handshake with {trace.AddressDialled} for {target.Host}", RefusalReason.Tls);
        var secure = new SslStream(stream);
        try
        {
            await secure.AuthenticateAsClientAsync(TlsOptions(target), cancellationToken);
            return secure;
        }
        // OpenSSL's refusals come as one or the other; either way there is no TLS.
        catch (Exception fault) when (fault is AuthenticationException or IOException or SocketException)
        {
            throw new AttemptFailedException(RefusalReason.Tls,
                $"TLS with {trace.AddressDialled} for {target.Host} failed: {SafeExcerpt.Of((fault.InnerException ?? fault).Message)}");
        }
    }

    private static SslClientAuthenticationOptions TlsOptions(HttpTarget target) => new()
    {
        TargetHost = target.Host,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
#pragma warning disable CA5359 // RFC 8555 §8.3 knows no trust here: the certificate is what is being asked for, nobody can have a good one yet.
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        // The platform would fetch issuers from the URLs of the certificate, which a stranger wrote.
        CertificateChainPolicy = new X509ChainPolicy
        {
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
            VerificationFlags = X509VerificationFlags.AllFlags,
        },
        AllowRenegotiation = false,
    };
}

/// <summary>An answer whose body is not read yet.</summary>
internal sealed class HttpAnswer(Stream stream, ResponseReader reader, ResponseHead head) : IAsyncDisposable
{
    public ResponseHead Head => head;

    public ResponseReader Reader => reader;

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
