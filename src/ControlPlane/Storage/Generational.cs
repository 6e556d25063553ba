namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// A snapshot of configuration that is never older than the store: each call reads one number, and loads anew only
/// when it has changed, once for all who wait. Safe for parallel use.
/// </summary>
/// <param name="store">The store; other processes may write to it too.</param>
/// <param name="load">Reads the whole snapshot in one session. Runs again on a later change.</param>
internal sealed class Generational<T>(IStore store, Func<StoreSession, ValueTask<T>> load) : IDisposable
{
    private readonly SemaphoreSlim loading = new(1, 1);
    private Snapshot? current;

    /// <summary>The snapshot as of now: a change committed before this call is in it.</summary>
    public async ValueTask<T> CurrentAsync(CancellationToken cancellationToken)
    {
        var generation = await store.ReadAsync(Generation.ReadAsync, cancellationToken);
        if (Volatile.Read(ref current) is { } kept && kept.Generation >= generation) return kept.Value;
        await loading.WaitAsync(cancellationToken);
        try
        {
            if (current is { } loaded && loaded.Generation >= generation) return loaded.Value;
            // Number and content from one session: both are of the same moment.
            var fresh = await store.ReadAsync(
                async session => new Snapshot(await Generation.ReadAsync(session), await load(session)), cancellationToken);
            Volatile.Write(ref current, fresh);
            return fresh.Value;
        }
        finally
        {
            loading.Release();
        }
    }

    public void Dispose() => loading.Dispose();

    private sealed record Snapshot(long Generation, T Value);
}
