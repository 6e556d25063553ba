using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>SHA-256 of the key authorization, as dns-01 (RFC 8555 §8.4) and tls-alpn-01 (RFC 8737 §3) publish it.</summary>
internal static class KeyAuthorizationDigest
{
    public static byte[] Of(string keyAuthorization) => SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization));

    public static string TextOf(string keyAuthorization) => Base64Url.EncodeToString(Of(keyAuthorization));
}
