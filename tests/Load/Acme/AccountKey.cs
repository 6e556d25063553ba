using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace GrpcCa.Load.Acme;

/// <summary>An account's P-256 key: signs requests (RFC 8555 §6.2) and knows its thumbprint (RFC 7638).</summary>
internal sealed class AccountKey : IDisposable
{
    private readonly P256Key key = new();

    public AccountKey()
    {
        var point = key.Point;
        Jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
        Thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Jwk)));
    }

    public string Jwk { get; }

    public string Thumbprint { get; }

    /// <summary>The URL of the account, once there is one; then requests name it instead of the key.</summary>
    public string? AccountUrl { get; set; }

    /// <summary>The flattened JWS of a request; an empty payload makes a POST-as-GET (§6.3).</summary>
    public byte[] Sign(string url, string nonce, ReadOnlySpan<byte> payload)
    {
        var who = AccountUrl is null ? $"\"jwk\":{Jwk}" : $"\"kid\":\"{AccountUrl}\"";
        var head = Base64Url.EncodeToString(Encoding.ASCII.GetBytes($$"""{"alg":"ES256","nonce":"{{nonce}}","url":"{{url}}",{{who}}}"""));
        var content = Base64Url.EncodeToString(payload);
        var signature = Base64Url.EncodeToString(key.SignFixed(Encoding.ASCII.GetBytes($"{head}.{content}")));
        return Encoding.ASCII.GetBytes($$"""{"protected":"{{head}}","payload":"{{content}}","signature":"{{signature}}"}""");
    }

    public void Dispose() => key.Dispose();
}
