using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Acme.Nonces;

/// <summary>
/// Mints nonces and redeems each once (RFC 8555 §6.5): a counter under a MAC, so that nothing is kept for a nonce
/// until it comes back. Stands between the gateways' pools and the verifier of signed requests; writes no row.
/// </summary>
internal sealed class NonceMint
{
    // replica | epoch | counter | MAC over the three
    private const int CounterAt = 12;
    private const int MacAt = 20;
    private const int Size = 36;
    private const int TextLength = 48;

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    // Both live as long as the process: a restart is a new epoch, and what an earlier one minted is unknown.
    private readonly byte[] macKey = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] origin = RandomNumberGenerator.GetBytes(CounterAt);
    private readonly ConcurrentBag<IncrementalHash> keyed = [];
    private readonly UsedNonces used;
    private ulong counter;

    public NonceMint(NonceMintOptions options)
    {
        BinaryPrimitives.WriteUInt32BigEndian(origin, options.Replica);
        used = new(options.WindowChunks);
    }

    /// <summary>A fresh nonce; costs a MAC and voids no other.</summary>
    public string Mint()
    {
        Span<byte> nonce = stackalloc byte[Size];
        origin.CopyTo(nonce);
        BinaryPrimitives.WriteUInt64BigEndian(nonce[CounterAt..], Interlocked.Increment(ref counter));
        WriteMac(nonce[..MacAt], nonce[MacAt..]);
        return Base64Url.EncodeToString(nonce);
    }

    /// <summary>Uses a nonce up. Of any number of parallel calls with one nonce, one hears <see cref="NonceVerdict.Good"/>.</summary>
    public NonceVerdict Redeem(string nonce)
    {
        if (nonce.Length % 4 == 1 || nonce.AsSpan().ContainsAnyExcept(Alphabet)) return NonceVerdict.Malformed;
        if (nonce.Length != TextLength) return NonceVerdict.Unknown;
        Span<byte> bytes = stackalloc byte[Size];
        Base64Url.DecodeFromChars(nonce, bytes);
        Span<byte> mac = stackalloc byte[Size - MacAt];
        WriteMac(bytes[..MacAt], mac);
        // The replica and the epoch are under the MAC; comparing them too keeps one replica's key from ever serving another.
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes[MacAt..]) || !bytes[..CounterAt].SequenceEqual(origin))
            return NonceVerdict.Unknown;
        return used.TryUse(BinaryPrimitives.ReadUInt64BigEndian(bytes[CounterAt..])) ? NonceVerdict.Good : NonceVerdict.Unknown;
    }

    // Looking the algorithm up and keying it costs several times the MAC itself, so the keyed ones are kept.
    private void WriteMac(ReadOnlySpan<byte> data, Span<byte> truncated)
    {
        if (!keyed.TryTake(out var hash)) hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, macKey);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hash.AppendData(data);
        hash.GetHashAndReset(mac);
        keyed.Add(hash);
        mac[..truncated.Length].CopyTo(truncated);
    }
}
