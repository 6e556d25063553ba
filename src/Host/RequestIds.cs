using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace GrpcCa.Host;

/// <summary>
/// Ids that tell requests apart in a log: sixteen hex digits, each once in the life of a process. They protect nothing, so they
/// are a random start and a count, not random bytes each, which were 1 % of the CPU of an issuance.
/// </summary>
internal static class RequestIds
{
    // Odd, so that a product with it runs through all 64-bit numbers before one comes again; the golden ratio spreads neighbours.
    private const ulong Spread = 0x9E3779B97F4A7C15;
    private static readonly ulong Start = MemoryMarshal.Read<ulong>(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private static ulong count;

    public static string Next() => (Start + Interlocked.Increment(ref count) * Spread).ToString("x16", CultureInfo.InvariantCulture);
}
