using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Acme.Accounts;

/// <summary>Counts reads of rows, and lets a test do something between a row's reading and its use.</summary>
internal sealed class WatchedStore(IStore store) : IStore
{
    public int RowsRead { get; private set; }

    public Func<Task> AfterRow { get; set; } = () => Task.CompletedTask;

    public Task<Exception> Fatal => store.Fatal;

    public ValueTask<Generation> ReadGenerationAsync(CancellationToken cancellationToken) => store.ReadGenerationAsync(cancellationToken);

    public ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) => store.ReadAsync(read, cancellationToken);

    public async ValueTask<T> ReadOneAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        var row = await store.ReadOneAsync(read, cancellationToken);
        RowsRead++;
        await AfterRow();
        return row;
    }

    public Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) =>
        store.WriteAsync(write, cancellationToken, urgency);

    public Task<T> ActAsync<T>(Func<StoreSession, ValueTask<Acted<T>>> act, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) =>
        store.ActAsync(act, cancellationToken, urgency);

    public Task<long> ReclaimAsync(int pages, CancellationToken cancellationToken) => store.ReclaimAsync(pages, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
