using System.Data;
using System.Security.Cryptography;
using Npgsql;

namespace GrpcCa.ControlPlane.Storage.Postgres;

/// <summary>The engine for several replicas: each write is a serializable transaction, replayed when another got in its way.</summary>
internal sealed class PostgresStore : IStore
{
    // The first eight characters of "grpcca schema", as a number: every program of ours takes the same lock.
    private const long SchemaLock = 0x67727063_63612073;

    private readonly NpgsqlDataSource writing;
    private readonly NpgsqlDataSource reading;
    private readonly StoreOptions options;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly ReplicaTurn? turn;
    private readonly TaskCompletionSource<Exception> never = new();

    private PostgresStore(StoreOptions options, ReplicaTurn? turn, TimeProvider time, ILogger log)
    {
        this.turn = turn;
        this.options = options;
        this.time = time;
        this.log = log;
        writing = PostgresConnection.ForWriting(options);
        reading = PostgresConnection.ForReading(options);
    }

    /// <summary>When another control plane has become this replica; otherwise never: the server minds its own disk, and says when it is away.</summary>
    public Task<Exception> Fatal => turn?.Lost ?? never.Task;

    public static async Task<PostgresStore> OpenAsync(StoreOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        var storeLog = logs.CreateLogger("GrpcCa.Storage");
        PostgresStore? store = null;
        try
        {
            var taken = options.Replica.Length > 0 ? await ReplicaTurn.TakeAsync(options, time, storeLog, cancellationToken) : null;
            store = new PostgresStore(options, taken, time, storeLog);
            var version = await store.UpgradeAsync(cancellationToken);
            StoreLog.Opened(store.log, $"postgresql, file {options.ConnectionFile}", version);
            return store;
        }
        catch (Exception fault)
        {
            if (store is not null) await store.DisposeAsync();
            if (PostgresFault.IsPassing(fault))
                throw new StoreUnavailableException($"the server of connection file '{options.ConnectionFile}' cannot be used: {fault.Message}", fault);
            throw;
        }
    }

    public async ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) =>
        await ReplayAsync(() => OnceAsync(reading, IsolationLevel.RepeatableRead, read, cancellationToken));

    public async ValueTask<T> ReadOneAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) =>
        await ReplayAsync(() => AloneAsync(read, cancellationToken));

    // Urgent or not: the room on the server's disk is the server's to keep.
    public Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary)
    {
        CallGeneration.Forget();
        if (turn is { IsHeld: false }) throw NotThisReplica();
        return ReplayAsync(() => OnceAsync(writing, IsolationLevel.Serializable, write, cancellationToken));
    }

    public Task<T> ActAsync<T>(Func<StoreSession, ValueTask<Acted<T>>> act, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) =>
        WriteAsync(async session =>
        {
            var acted = await act(session);
            await session.AppendAsync(acted.Event);
            return acted.Result;
        }, cancellationToken);

    /// <summary>Nothing to do: autovacuum works by itself.</summary>
    public Task<long> ReclaimAsync(int pages, CancellationToken cancellationToken) => Task.FromResult(0L);

    public async ValueTask DisposeAsync()
    {
        await writing.DisposeAsync();
        await reading.DisposeAsync();
        // Last: the next one may begin when nothing of this one is on its way.
        if (turn is not null) await turn.DisposeAsync();
    }

    private StoreUnavailableException NotThisReplica() => turn!.Lost.IsCompletedSuccessfully
        ? new StoreUnavailableException($"the store has stopped: {turn.Lost.Result.Message}", turn.Lost.Result)
        : new StoreUnavailableException($"the store cannot be written for now: whether this is still the only replica '{options.Replica}' is being found out");

    private async Task<T> ReplayAsync<T>(Func<Task<T>> once)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await once();
            }
            catch (Exception fault) when (PostgresFault.Replayable(fault, attempt) is { } state)
            {
                if (attempt >= options.Attempts)
                    throw new StoreUnavailableException($"others got in the way of a write {attempt} times ({state})", fault);
                StoreLog.Replayed(log, attempt, state);
            }
            catch (Exception fault) when (PostgresFault.IsPassing(fault))
            {
                StoreLog.Unavailable(log, 1, fault.Message);
                throw new StoreUnavailableException($"the store cannot be used for now: {fault.Message}", fault);
            }
            await Task.Delay(Pause(attempt), time, CancellationToken.None);
        }
    }

    private async Task<T> AloneAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await reading.OpenConnectionAsync(cancellationToken);
        using var session = new StoreSession(connection);
        session.Begin(ofOneStatement: true);
        return await session.RunAsync(read);
    }

    private static async Task<T> OnceAsync<T>(
        NpgsqlDataSource source, IsolationLevel isolation, Func<StoreSession, ValueTask<T>> function, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(isolation, cancellationToken);
        using var session = new StoreSession(connection);
        var result = await session.RunAsync(function);
        try
        {
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (NpgsqlException fault) when (PostgresFault.IsBroken(fault))
        {
            throw new StoreUnavailableException("the connection broke during a commit: whether it was written is open", fault);
        }
        return result;
    }

    // Doubling from 1 ms to the longest, with jitter, so that those who collided do not meet again.
    private TimeSpan Pause(int attempt)
    {
        var most = Math.Min(options.LongestPause.TotalMicroseconds, 1000d * (1 << Math.Min(attempt, 16)));
        return TimeSpan.FromMicroseconds(RandomNumberGenerator.GetInt32(1, (int)most + 1));
    }

    private async Task<int> UpgradeAsync(CancellationToken cancellationToken)
    {
        await using var connection = await writing.OpenConnectionAsync(cancellationToken);
        // Read committed: what the one before us committed while we waited for the lock must be seen.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
        using var session = new StoreSession(connection);
        await session.Sql("SELECT pg_advisory_xact_lock(@key)").With("key", SchemaLock).ListAsync(_ => 0);
        var version = await Schema.Postgres.UpgradeAsync(session, time, log);
        await transaction.CommitAsync(cancellationToken);
        return version;
    }
}
