namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// One open session as a store, so that several acts become one transaction: each still writes its audit event, all are
/// committed or undone together with the write that owns the session. Lives no longer than that write.
/// </summary>
internal sealed class SessionStore(StoreSession session) : IStore
{
    /// <summary>Never: the store that the session belongs to tells.</summary>
    public Task<Exception> Fatal { get; } = new TaskCompletionSource<Exception>().Task;

    public ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) => read(session);

    public ValueTask<T> ReadOneAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) => read(session);

    public async Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) => await write(session);

    public async Task<T> ActAsync<T>(Func<StoreSession, ValueTask<Acted<T>>> act, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary)
    {
        var acted = await act(session);
        await session.AppendAsync(acted.Event);
        return acted.Result;
    }

    public Task<long> ReclaimAsync(int pages, CancellationToken cancellationToken) => throw new InvalidOperationException("pages are given back between transactions");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
