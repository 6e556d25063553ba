namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// A snapshot of configuration that is never older than the call that asks (<see cref="CallGeneration"/>): it reads one
/// number, and loads anew only when that has changed, once for all who wait. Safe for parallel use.
/// </summary>
/// <param name="store">The store; other processes may write to it too.</param>
/// <param name="load">Reads the whole snapshot in one session. Runs again on a later change.</param>
internal sealed class Generational<T>(IStore store, Func<StoreSession, ValueTask<T>> load)
{
    private readonly Lock gate = new();
    private Snapshot? current;
    private Task loading = Task.CompletedTask;

    /// <summary>The snapshot as of now: a change committed before this call is in it.</summary>
    public async ValueTask<T> CurrentAsync(CancellationToken cancellationToken)
    {
        // Inside a transaction that nobody else sees yet there is nothing to keep.
        if (store is SessionStore) return await store.ReadAsync(load, cancellationToken);
        var generation = (await CallGeneration.ReadAsync(store, cancellationToken)).Configuration;
        while (true)
        {
            if (Volatile.Read(ref current) is { } kept && kept.Generation >= generation) return kept.Value;
            // One that began before the change may have missed it; then the next turn begins another.
            await LoadedAsync(generation).WaitAsync(cancellationToken);
        }
    }

    private Task LoadedAsync(long generation)
    {
        lock (gate)
        {
            if (current?.Generation >= generation) return Task.CompletedTask;
            // It serves all who wait, so nobody's cancelling ends it.
            if (loading.IsCompleted) loading = Task.Run(LoadAsync);
            return loading;
        }
    }

    private async Task LoadAsync()
    {
        // Number and content from one session: both are of the same moment.
        var fresh = await store.ReadAsync(
            async session => new Snapshot(await Generation.ReadConfigurationAsync(session), await load(session)), CancellationToken.None);
        Volatile.Write(ref current, fresh);
    }

    private sealed record Snapshot(long Generation, T Value);
}
