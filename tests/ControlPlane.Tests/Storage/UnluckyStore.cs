using System.Security.Cryptography;
using GrpcCa.ControlPlane.Storage;
using Npgsql;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>Makes writes fail with 40001 at random, after their function has done its work. (A read-only snapshot never does.)</summary>
internal sealed class UnluckyStore(IStore store) : IStore
{
    private int failures;

    public int Failures => failures;

    public Task<Exception> Fatal => store.Fatal;

    public ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) =>
        store.ReadAsync(read, cancellationToken);

    public ValueTask<T> ReadOneAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) =>
        store.ReadOneAsync(read, cancellationToken);

    public Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) =>
        store.WriteAsync(session => LuckAsync(session, write), cancellationToken, urgency);

    public Task<T> ActAsync<T>(Func<StoreSession, ValueTask<Acted<T>>> act, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) =>
        store.ActAsync(session => LuckAsync(session, act), cancellationToken, urgency);

    public Task<long> ReclaimAsync(int pages, CancellationToken cancellationToken) => store.ReclaimAsync(pages, cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private async ValueTask<T> LuckAsync<T>(StoreSession session, Func<StoreSession, ValueTask<T>> function)
    {
        var result = await function(session);
        if (RandomNumberGenerator.GetInt32(3) != 0) return result;
        Interlocked.Increment(ref failures);
        throw new PostgresException("could not serialize access", "ERROR", "ERROR", "40001");
    }
}
