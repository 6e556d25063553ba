using CsCheck;
using GrpcCa.ControlPlane.Acme.Nonces;

namespace GrpcCa.ControlPlane.Tests.Acme.Nonces;

public sealed class UsedNoncesTests
{
    private const ulong Chunk = UsedNonces.ChunkSize;

    [Fact]
    public void Window_Full_DropsTheOldestChunkAndMovesTheFloorAboveIt()
    {
        var used = new UsedNonces(2);
        Assert.True(used.TryUse(5));
        Assert.True(used.TryUse((3 * Chunk) + 5));
        Assert.Equal(0UL, used.Floor);

        Assert.True(used.TryUse((9 * Chunk) + 5));

        Assert.Equal((Chunk, 2), (used.Floor, used.Chunks));
        Assert.False(used.TryUse(6));
        Assert.True(used.TryUse((3 * Chunk) + 6));
        Assert.False(used.TryUse((3 * Chunk) + 5));
    }

    [Fact]
    public void Counter_OlderThanAFullWindow_IsGoodOnceAndMovesTheFloor()
    {
        var used = new UsedNonces(2);
        Assert.True(used.TryUse(7 * Chunk));
        Assert.True(used.TryUse(8 * Chunk));

        Assert.True(used.TryUse(3 * Chunk));

        Assert.False(used.TryUse(3 * Chunk));
        Assert.Equal((4 * Chunk, 2), (used.Floor, used.Chunks));
        Assert.True(used.TryUse((7 * Chunk) + 1));
    }

    [Fact]
    public void Window_OverManyUses_StaysBounded()
    {
        var used = new UsedNonces(16);
        for (ulong counter = 0; counter < 200 * Chunk; counter += 100) Assert.True(used.TryUse(counter));
        Assert.Equal(16, used.Chunks);
        Assert.Equal(184 * Chunk, used.Floor);
    }

    [Fact]
    public void Counters_InAnyOrder_AreNeverGoodTwice()
    {
        Gen.Int[0, 20 * UsedNonces.ChunkSize].Array[1, 200].Sample(counters =>
        {
            var used = new UsedNonces(4);
            var seen = new HashSet<int>();
            foreach (var counter in counters)
            {
                var good = used.TryUse((ulong)counter);
                Assert.False(good && seen.Contains(counter));
                if (good) seen.Add(counter);
            }
            Assert.True(used.Chunks <= 4);
        });
    }

    [Fact]
    public void Counters_UsedInParallelWhileTheWindowMoves_AreNeverGoodTwice()
    {
        var used = new UsedNonces(2);
        var good = new int[64 * UsedNonces.ChunkSize];
        Parallel.For(0, 4, _ =>
        {
            for (var counter = 0; counter < good.Length; counter += 7)
                if (used.TryUse((ulong)counter)) Interlocked.Increment(ref good[counter]);
        });
        Assert.All(good, times => Assert.InRange(times, 0, 1));
        Assert.Equal(2, used.Chunks);
    }
}
