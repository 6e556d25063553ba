using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Issuance;

/// <summary>How a write goes wrong.</summary>
public enum WriteFault
{
    /// <summary>Failed and not kept.</summary>
    Before,

    /// <summary>Kept, but the answer was an error.</summary>
    After,

    /// <summary>Not kept: the store takes no writes for now.</summary>
    Unavailable,
}

/// <summary>A real store whose writes fail where a test says so.</summary>
internal sealed class FaultyStore(IStore inner) : IStore
{
    private int writes;

    /// <summary>Asked for each write by its number, from 0; null lets it pass.</summary>
    public Func<int, WriteFault?> Plan { get; set; } = _ => null;

    public Task<Exception> Fatal => inner.Fatal;

    /// <summary>Counts from 0 again.</summary>
    public void Restart(Func<int, WriteFault?> plan)
    {
        Plan = plan;
        writes = 0;
    }

    public ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) => inner.ReadAsync(read, cancellationToken);

    public ValueTask<T> ReadOneAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) => inner.ReadOneAsync(read, cancellationToken);

    public Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) =>
        RunAsync(() => inner.WriteAsync(write, cancellationToken, urgency));

    public Task<T> ActAsync<T>(Func<StoreSession, ValueTask<Acted<T>>> act, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) =>
        RunAsync(() => inner.ActAsync(act, cancellationToken, urgency));

    public Task<long> ReclaimAsync(int pages, CancellationToken cancellationToken) => inner.ReclaimAsync(pages, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T> RunAsync<T>(Func<Task<T>> write)
    {
        var fault = Plan(Interlocked.Increment(ref writes) - 1);
        if (fault == WriteFault.Unavailable) throw new StoreUnavailableException("the store cannot write for now: disk full");
        if (fault == WriteFault.Before) throw new IOException("the store failed");
        var result = await write();
        return fault == WriteFault.After ? throw new IOException("the store failed after it had written") : result;
    }
}
