using System.Buffers.Text;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>Ids of what nobody names: 128 random bits in base64url, never a sequence.</summary>
internal static class Ids
{
    private const int Octets = 16;

    /// <summary>A fresh id of 22 characters.</summary>
    public static string New()
    {
        Span<byte> bits = stackalloc byte[Octets];
        RandomNumberGenerator.Fill(bits);
        return Base64Url.EncodeToString(bits);
    }

    /// <summary>As many of them, drawn at once, which costs as much as one.</summary>
    public static string[] New(int count)
    {
        Span<byte> bits = count <= 16 ? stackalloc byte[count * Octets] : new byte[count * Octets];
        RandomNumberGenerator.Fill(bits);
        var ids = new string[count];
        for (var i = 0; i < count; i++) ids[i] = Base64Url.EncodeToString(bits.Slice(i * Octets, Octets));
        return ids;
    }
}
