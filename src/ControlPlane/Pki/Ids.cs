using System.Buffers.Text;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>Ids of what nobody names: 128 random bits in base64url, never a sequence.</summary>
internal static class Ids
{
    /// <summary>A fresh id of 22 characters.</summary>
    public static string New()
    {
        Span<byte> bits = stackalloc byte[16];
        RandomNumberGenerator.Fill(bits);
        return Base64Url.EncodeToString(bits);
    }
}
