using System.Collections.Concurrent;
using System.Diagnostics;

namespace GrpcCa.Load.Measures;

/// <summary>What all clients did inside the measured window: latencies, errors by type, the longest silence.</summary>
internal sealed class Tally
{
    private readonly ConcurrentDictionary<string, int> errors = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> examples = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly List<double> latencies = [];
    private long lastDone;
    private double longestGap;
    private volatile bool open;

    public IReadOnlyDictionary<string, int> Errors => errors;

    public IReadOnlyDictionary<string, string> Examples => examples;

    /// <summary>The longest time in which no client finished anything, in milliseconds: how long the server stood still.</summary>
    public double LongestGap => longestGap;

    public int Done
    {
        get
        {
            lock (gate) return latencies.Count;
        }
    }

    public void Open()
    {
        lock (gate)
        {
            latencies.Clear();
            errors.Clear();
            longestGap = 0;
            lastDone = Stopwatch.GetTimestamp();
            open = true;
        }
    }

    public void Close() => open = false;

    public void Succeeded(long startedAt)
    {
        if (!open) return;
        var now = Stopwatch.GetTimestamp();
        lock (gate)
        {
            latencies.Add(Milliseconds(now - startedAt));
            longestGap = Math.Max(longestGap, Milliseconds(now - lastDone));
            lastDone = now;
        }
    }

    public void Failed(string kind, string example)
    {
        errors.AddOrUpdate(kind, 1, (_, count) => count + 1);
        examples.TryAdd(kind, example);
    }

    /// <summary>Latencies in ascending order.</summary>
    public double[] Sorted()
    {
        lock (gate)
        {
            double[] sorted = [.. latencies];
            Array.Sort(sorted);
            return sorted;
        }
    }

    public static double Percentile(double[] sorted, double share) =>
        sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(share * sorted.Length) - 1 is var i && i < 0 ? 0 : i)];

    private static double Milliseconds(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;
}
