using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace GrpcCa.ControlPlane.Acme.Challenges.Http01;

/// <summary>One request on a connection of its own. Nothing is kept between hops: no pool, proxy, cookies or decompression.</summary>
internal sealed class HttpHop(ValidationDialer dialer)
{
    // RFC 8555 §8.3 asks that the server's requests can be told apart.
    private static readonly string UserAgent =
        $"grpcca-validator/{typeof(HttpHop).Assembly.GetName().Version?.ToString(3)} (+https://www.rfc-editor.org/rfc/rfc8555#section-8.3)";

    /// <summary>Dials, sends the GET and reads the head; the caller reads the body and disposes the connection.</summary>
    public async Task<HttpAnswer> GetAsync(
        HttpTarget target, ImmutableArray<IPEndPoint> resolvers, DialGuard guard, AttemptTrace trace, CancellationToken cancellationToken)
    {
        var socket = await dialer.DialAsync(target.Host, target.Port, resolvers, guard, trace, cancellationToken);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (target.Secure) stream = await StrangerTls.AuthenticateAsync(stream, target.Host, SslApplicationProtocol.Http11, trace, cancellationToken);
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
}

/// <summary>An answer whose body is not read yet.</summary>
internal sealed class HttpAnswer(Stream stream, ResponseReader reader, ResponseHead head) : IAsyncDisposable
{
    public ResponseHead Head => head;

    public ResponseReader Reader => reader;

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
