using System.Collections.Concurrent;

namespace GrpcCa.ControlPlane.Acme.Nonces;

/// <summary>
/// Remembers which counters were used, in bounded memory: a bit each, in chunks that exist from the first use in
/// their range. Minting leaves it as it is; only uses move the floor below which nothing is good any more.
/// </summary>
internal sealed class UsedNonces(int maxChunks)
{
    /// <summary>Counters in a chunk; 512 bytes of bits.</summary>
    public const int ChunkSize = 4096;

    private readonly ConcurrentDictionary<ulong, ulong[]> chunks = new();
    private readonly PriorityQueue<ulong, ulong> oldest = new();
    private readonly Lock growing = new();
    private ulong floor;

    /// <summary>The first counter that may still be good.</summary>
    public ulong Floor => Volatile.Read(ref floor);

    /// <summary>How many chunks are held.</summary>
    public int Chunks => chunks.Count;

    /// <summary>Marks the counter used; false if it was, or if it is below the floor.</summary>
    public bool TryUse(ulong counter)
    {
        if (counter < Floor) return false;
        return chunks.TryGetValue(counter / ChunkSize, out var chunk) ? TryMark(chunk, counter) : TryUseInNewChunk(counter);
    }

    private bool TryUseInNewChunk(ulong counter)
    {
        var index = counter / ChunkSize;
        lock (growing)
        {
            if (counter < floor) return false;
            if (chunks.TryGetValue(index, out var chunk)) return TryMark(chunk, counter);
            if (chunks.Count == maxChunks && !TryDropOldestBefore(index))
            {
                // Older than all that is remembered: good this once, and never again because the floor passes it.
                RaiseFloor(index + 1);
                return true;
            }
            chunk = new ulong[ChunkSize / 64];
            TryMark(chunk, counter);
            chunks[index] = chunk;
            oldest.Enqueue(index, index);
            return true;
        }
    }

    private bool TryDropOldestBefore(ulong index)
    {
        if (oldest.Peek() > index) return false;
        var dropped = oldest.Dequeue();
        // The floor first: who misses the chunk then asks again under the lock and sees the floor.
        RaiseFloor(dropped + 1);
        chunks.TryRemove(dropped, out _);
        return true;
    }

    private void RaiseFloor(ulong chunk) => Volatile.Write(ref floor, chunk * ChunkSize);

    private static bool TryMark(ulong[] chunk, ulong counter)
    {
        var bit = 1UL << (int)(counter % 64);
        return (Interlocked.Or(ref chunk[counter % ChunkSize / 64], bit) & bit) == 0;
    }
}
