using System.Security.Cryptography;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>What a power cut did to what was written and not flushed.</summary>
/// <param name="Sectors">How many sectors that was.</param>
/// <param name="Lost">How many of them are as if they had never been written.</param>
internal sealed record Cut(int Sectors, int Lost);

/// <summary>
/// A disk with a cache, as all have: what was written and not flushed may be gone after a power cut, wholly or in part, sector by
/// sector and in no order.
/// </summary>
internal sealed class VolatileDisk(int bytes)
{
    private const int Sector = 512;

    private readonly Lock turn = new();

    // What outlives a cut, and what is read.
    private readonly byte[] kept = new byte[bytes], seen = new byte[bytes];
    private readonly List<(int Offset, byte[] Content)> unflushed = [];
    private bool isOff;
    private int cuts;
    private Arming? armed;

    public int Size => bytes;

    /// <summary>How often everything was flushed.</summary>
    public int Flushes { get; private set; }

    /// <summary>How often the power was cut; more than before from the moment on at which nothing is answered any more.</summary>
    public int Cuts => Volatile.Read(ref cuts);

    /// <summary>False when the power is off.</summary>
    public bool TryRead(long offset, Span<byte> into)
    {
        lock (turn)
        {
            if (isOff) return false;
            seen.AsSpan((int)offset, into.Length).CopyTo(into);
            return true;
        }
    }

    public bool TryWrite(long offset, ReadOnlySpan<byte> content)
    {
        lock (turn)
        {
            if (isOff) return false;
            content.CopyTo(seen.AsSpan((int)offset));
            unflushed.Add(((int)offset, content.ToArray()));
            if (armed is { } arming && --arming.Writes == 0) arming.Cut.SetResult(CutPower(arming.Chance));
            return !isOff;
        }
    }

    public bool TryFlush()
    {
        lock (turn)
        {
            if (isOff) return false;
            foreach (var (offset, content) in unflushed) content.CopyTo(kept, offset);
            unflushed.Clear();
            Flushes++;
            return true;
        }
    }

    /// <summary>Cuts the power right after so many writes more, before anything is flushed; ends when that has happened.</summary>
    public Task<Cut> CutPowerAfterAsync(int writes, int chance)
    {
        lock (turn)
        {
            armed = new Arming(chance) { Writes = writes };
            return armed.Cut.Task;
        }
    }

    /// <summary>Cuts the power. Each unflushed sector is kept with a chance in a hundred; 0 loses them all.</summary>
    public Cut CutPower(int chance)
    {
        lock (turn)
        {
            (isOff, armed) = (true, null);
            Volatile.Write(ref cuts, cuts + 1);
            var (sectors, lost) = (0, 0);
            foreach (var (offset, content) in unflushed)
            {
                for (var at = 0; at < content.Length; at += Sector)
                {
                    sectors++;
                    if (RandomNumberGenerator.GetInt32(100) < chance) content.AsSpan(at, Math.Min(Sector, content.Length - at)).CopyTo(kept.AsSpan(offset + at));
                    else lost++;
                }
            }
            unflushed.Clear();
            return new Cut(sectors, lost);
        }
    }

    public void PowerOn()
    {
        lock (turn)
        {
            kept.CopyTo(seen, 0);
            isOff = false;
        }
    }

    private sealed class Arming(int chance)
    {
        public int Chance => chance;

        public int Writes { get; set; }

        public TaskCompletionSource<Cut> Cut { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
