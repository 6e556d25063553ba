namespace GrpcCa.ControlPlane.Storage;

/// <summary>What a room wants swept: rows that expired and that nothing needs any more.</summary>
/// <param name="Name">For the log: <c>orders</c>.</param>
/// <param name="Interval">How often to look.</param>
/// <param name="RunAsync">Deletes at most so many rows that had expired at the given time.</param>
internal sealed record SweepTask(string Name, TimeSpan Interval, Func<IStore, DateTimeOffset, int, CancellationToken, Task<SweepBatch>> RunAsync)
{
    /// <summary>For rows that one write deletes: it returns how many, and may run again.</summary>
    public SweepTask(string name, TimeSpan interval, Func<StoreSession, DateTimeOffset, int, ValueTask<int>> deleteAsync)
        : this(name, interval, async (store, now, rows, cancellationToken) =>
        {
            var deleted = await store.WriteAsync(session => deleteAsync(session, now, rows), cancellationToken, Urgency.Freeing);
            return new SweepBatch(deleted, More: deleted >= rows);
        })
    {
    }
}

/// <summary>What one batch of a sweep came to.</summary>
/// <param name="Deleted">Rows that went.</param>
/// <param name="More">Whether to go on at once.</param>
internal readonly record struct SweepBatch(int Deleted, bool More);
