using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>What a client writes into the DNS, by the RFC's words.</summary>
internal static class DnsProof
{
    /// <summary>RFC 8555 §8.4: base64url of the SHA-256 of the key authorization.</summary>
    public static string Of(AcmeClient client, string token) => Base64Url.EncodeToString(Digest(client, token));

    public static byte[] Digest(AcmeClient client, string token) => SHA256.HashData(Encoding.ASCII.GetBytes(client.KeyAuthorization(token)));

    /// <summary>draft-ietf-acme-dns-account-label §3.1: base32 of the first ten bytes of the SHA-256 of the account's URL.</summary>
    public static string AccountLabel(string accountUrl)
    {
        var number = SHA256.HashData(Encoding.ASCII.GetBytes(accountUrl)).Take(10).Aggregate(UInt128.Zero, (sum, octet) => (sum << 8) | octet);
        return "_" + string.Concat(Enumerable.Range(0, 16).Select(i => "abcdefghijklmnopqrstuvwxyz234567"[(int)((number >> (75 - (5 * i))) & 31)]));
    }
}
