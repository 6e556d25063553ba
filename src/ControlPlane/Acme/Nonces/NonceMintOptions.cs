using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Acme.Nonces;

/// <summary>Which replica mints, and how much it remembers.</summary>
internal sealed record NonceMintOptions
{
    /// <summary>The replica whose nonces these are; random unless given.</summary>
    public uint Replica { get; init; } = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));

    /// <summary>
    /// How many chunks of 4,096 consecutive nonces may have a used one, 1 or more; 4,096 (2 MiB). When one more is
    /// needed, the nonces of the oldest such chunk and all before it are no longer good.
    /// </summary>
    public int WindowChunks { get; init; } = 4096;
}
