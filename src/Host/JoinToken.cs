using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace GrpcCa.Host;

/// <summary>
/// What a new gateway or operator is given once: where the control plane is, the SHA-256 of the identity root it
/// must show, and a secret. Written as <c>grpcca1.&lt;endpoint&gt;.&lt;sha256&gt;.&lt;secret&gt;</c>, each part base64url.
/// </summary>
/// <param name="Endpoint">Host and port of the gRPC endpoint, such as <c>ca.net.gq:14443</c>.</param>
/// <param name="RootSha256">SHA-256 of the identity root certificate, 32 bytes.</param>
/// <param name="Secret">256 random bits, base64url; the control plane keeps only its hash.</param>
internal sealed record JoinToken(string Endpoint, ReadOnlyMemory<byte> RootSha256, string Secret)
{
    private const string Version = "grpcca1";

    /// <summary>The token in one line, as people copy it.</summary>
    public string Encode() => string.Join('.',
        Version, Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Endpoint)), Base64Url.EncodeToString(RootSha256.Span), Secret);

    /// <summary>Never the secret: tokens end up in logs by their <c>ToString</c>.</summary>
    public override string ToString() => $"join token for {Endpoint}";

    /// <summary>Reads a token; <paramref name="fault"/> says what is wrong with it, without repeating it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JoinToken? token, [NotNullWhen(false)] out string? fault)
    {
        token = null;
        var parts = text.Trim().Split('.');
        if (parts.Length != 4 || parts[0] != Version)
        {
            fault = $"a join token has four parts separated by dots and starts with '{Version}'";
            return false;
        }
        try
        {
            var endpoint = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1]));
            var hash = Base64Url.DecodeFromChars(parts[2]);
            if (hash.Length != 32 || parts[3].Length < 32 || !endpoint.Contains(':', StringComparison.Ordinal))
            {
                fault = "the join token is incomplete; was it cut when it was copied?";
                return false;
            }
            token = new JoinToken(endpoint, hash, parts[3]);
            fault = null;
            return true;
        }
        catch (FormatException)
        {
            fault = "the join token is not base64url; was it cut when it was copied?";
            return false;
        }
    }
}
