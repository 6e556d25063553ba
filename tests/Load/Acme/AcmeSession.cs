using System.Text;
using System.Text.Json;
using GrpcCa.Load.Http;

namespace GrpcCa.Load.Acme;

/// <summary>One account on one connection: signs, posts, keeps the nonce of the last answer, tries again after badNonce.</summary>
internal sealed class AcmeSession(AcmeDirectory directory, TlsTrust trust) : IAsyncDisposable
{
    private const int NonceTries = 5;

    private readonly HttpConnection connection = new(directory.Address, trust);
    private string? nonce;

    public AccountKey Key { get; } = new();

    /// <summary>How many answers were badNonce (§6.5) and were sent again.</summary>
    public int NonceRetries { get; private set; }

    public async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var reply = await PostAsync("newAccount", directory.NewAccount, """{"termsOfServiceAgreed":true}"""u8.ToArray(), cancellationToken);
        Key.AccountUrl = reply.Location ?? throw new AcmeProblemException("newAccount: no Location", "");
    }

    public ValueTask<HttpReply> HeadNonceAsync(CancellationToken cancellationToken) =>
        connection.SendAsync("HEAD", PathOf(directory.NewNonce), default, cancellationToken);

    public ValueTask<HttpReply> GetDirectoryAsync(CancellationToken cancellationToken) =>
        connection.SendAsync("GET", directory.Address.PathAndQuery, default, cancellationToken);

    /// <summary>Posts a payload and expects success.</summary>
    /// <exception cref="AcmeProblemException">The server answered with a problem.</exception>
    public async ValueTask<HttpReply> PostAsync(string step, string url, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var fresh = nonce ?? (await HeadNonceAsync(cancellationToken)).Nonce ?? throw new AcmeProblemException("newNonce: no nonce", "");
            nonce = null;
            var reply = await connection.SendAsync("POST", PathOf(url), Key.Sign(url, fresh, payload.Span), cancellationToken);
            nonce = reply.Nonce;
            if (reply.Ok) return reply;
            if (attempt == NonceTries || reply.Status != 400 || !IsBadNonce(reply)) throw AcmeProblemException.Of(step, reply);
            NonceRetries++;
        }
    }

    /// <summary>Posts a payload and reads a JSON answer.</summary>
    public async ValueTask<(JsonDocument Json, string? Location)> PostForJsonAsync(
        string step, string url, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var reply = await PostAsync(step, url, payload, cancellationToken);
        // A copy, since the buffer is the connection's.
        return (JsonDocument.Parse(reply.Body.ToArray()), reply.Location);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        Key.Dispose();
    }

    private static bool IsBadNonce(HttpReply reply) => reply.Body.Span.IndexOf("acme:error:badNonce"u8) >= 0;

    private static string PathOf(string url)
    {
        var path = url.IndexOf('/', url.IndexOf("://", StringComparison.Ordinal) + 3);
        return path < 0 ? "/" : url[path..];
    }
}
