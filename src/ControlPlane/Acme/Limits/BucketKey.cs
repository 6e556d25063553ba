using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>Whose bucket it is: 128 bits of a hash, so that a long name takes no more memory than a short one.</summary>
internal readonly record struct BucketKey(UInt128 Value)
{
    /// <summary>The key of some words in which a line feed cannot stand: ids, names, addresses.</summary>
    public static BucketKey Of(params ReadOnlySpan<string> words)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', words)), hash);
        return new BucketKey(BinaryPrimitives.ReadUInt128BigEndian(hash));
    }
}
