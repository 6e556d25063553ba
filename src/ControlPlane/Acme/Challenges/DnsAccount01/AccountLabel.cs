using System.Security.Cryptography;
using System.Text;

namespace GrpcCa.ControlPlane.Acme.Challenges.DnsAccount01;

/// <summary>The label that an account's proofs stand under (draft-ietf-acme-dns-account-label §3).</summary>
internal static class AccountLabel
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int Octets = 10;

    /// <summary><c>_</c> and the base32 of the first ten bytes of SHA-256 of the account's URL, in lower case.</summary>
    public static string Of(string accountUrl)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(accountUrl));
        var label = new StringBuilder("_", 17);
        // RFC 4648 §6: five bits a letter; ten octets are sixteen letters without padding.
        for (var bit = 0; bit < Octets * 8; bit += 5)
        {
            var pair = (digest[bit / 8] << 8) | digest[(bit / 8) + 1];
            label.Append(Alphabet[(pair >> (11 - (bit % 8))) & 31]);
        }
        return label.ToString();
    }
}
