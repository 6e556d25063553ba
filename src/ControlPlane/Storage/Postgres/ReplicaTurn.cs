using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace GrpcCa.ControlPlane.Storage.Postgres;

/// <summary>
/// The right to be the replica of an id: an advisory lock that the server holds for one connection, and gives up when that ends,
/// however the program did. While it is not held nothing is written; once another has it, the program ends.
/// </summary>
internal sealed class ReplicaTurn : IAsyncDisposable
{
    // The server takes 11 s (see PostgresConnection.ForTurn) to give up a connection that is cut off; here it is noticed before.
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(2), Soon = TimeSpan.FromMilliseconds(50), Later = TimeSpan.FromSeconds(1);
    private const int AnswerSeconds = 5;

    private readonly NpgsqlDataSource source;
    private readonly string replica;
    private readonly long key;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly CancellationTokenSource ending = new();
    private readonly TaskCompletionSource<Exception> lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NpgsqlConnection connection;
    private Task keeping = Task.CompletedTask;
    private int backend;
    private volatile bool isHeld;

    private ReplicaTurn(StoreOptions options, TimeProvider time, ILogger log)
    {
        source = PostgresConnection.ForTurn(options);
        connection = source.CreateConnection();
        replica = options.Replica;
        key = KeyOf(replica);
        this.time = time;
        this.log = log;
    }

    /// <summary>Whether it is ours as far as is known; while not, it is being taken again.</summary>
    public bool IsHeld => isHeld;

    /// <summary>Completes when another control plane has it.</summary>
    public Task<Exception> Lost => lost.Task;

    /// <summary>Takes it; a predecessor that was killed a moment ago is waited for.</summary>
    /// <exception cref="StoreUnavailableException">Another control plane is this replica; the message is for the person who started this one.</exception>
    public static async Task<ReplicaTurn> TakeAsync(StoreOptions options, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        var turn = new ReplicaTurn(options, time, log);
        try
        {
            await turn.connection.OpenAsync(cancellationToken);
            var began = time.GetTimestamp();
            while (!await turn.TryLockAsync(cancellationToken))
            {
                if (time.GetElapsedTime(began) > options.BusyTimeout)
                    throw new StoreUnavailableException($"replica '{turn.replica}' is running already{await turn.HolderAsync(cancellationToken)}; every control plane on one database needs a Replica:Id of its own");
                await Task.Delay(Soon, time, cancellationToken);
            }
            turn.isHeld = true;
            turn.keeping = turn.KeepAsync();
            return turn;
        }
        catch
        {
            await turn.DisposeAsync();
            throw;
        }
    }

    /// <summary>The number of the lock.</summary>
    internal static long KeyOf(string replica) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("grpcca replica " + replica)));

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await keeping;
        await connection.DisposeAsync();
        await source.DisposeAsync();
        ending.Dispose();
    }

    private async Task KeepAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await WatchAsync();
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                isHeld = false;
                StoreLog.TurnInterrupted(log, replica, fault.Message);
                if (!await RetakeAsync()) return;
                isHeld = true;
                StoreLog.TurnTaken(log, replica);
            }
        }
    }

    // Ends with the connection, by an exception: at once when it is closed, soon when nothing comes through any more.
    private async Task WatchAsync()
    {
        while (true)
        {
            if (await connection.WaitAsync(Apart, ending.Token)) continue;
            await using var command = Command("SELECT 1");
            await command.ExecuteScalarAsync(ending.Token);
        }
    }

    // False at the end: of the program, or because another has it.
    private async Task<bool> RetakeAsync()
    {
        var former = backend;
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await connection.DisposeAsync();
                connection = source.CreateConnection();
                await connection.OpenAsync(ending.Token);
                if (await TryLockAsync(ending.Token)) return true;
                // The server may not have noticed yet that the connection is gone that the lock was taken with.
                if (await HolderIdAsync(ending.Token) is { } holder && holder != former)
                {
                    lost.TrySetResult(new StoreUnavailableException($"another control plane has become replica '{replica}'{await HolderAsync(ending.Token)}; every control plane on one database needs a Replica:Id of its own"));
                    return false;
                }
                await Task.Delay(Soon, time, ending.Token);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception fault)
            {
                StoreLog.TurnDelayed(log, replica, fault.Message);
                await Task.Delay(Later, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        return false;
    }

    private async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        await using var command = Command("SELECT pg_try_advisory_lock(@key)");
        command.Parameters.Add(new NpgsqlParameter<long>("key", key));
        if (await command.ExecuteScalarAsync(cancellationToken) is not true) return false;
        backend = connection.ProcessID;
        return true;
    }

    private async Task<int?> HolderIdAsync(CancellationToken cancellationToken)
    {
        await using var command = Holder("l.pid");
        return await command.ExecuteScalarAsync(cancellationToken) as int?;
    }

    // From where and since when, as far as the server tells.
    private async Task<string> HolderAsync(CancellationToken cancellationToken)
    {
        await using var command = Holder("coalesce(host(a.client_addr), 'this host') || ' since ' || to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')");
        var found = await command.ExecuteScalarAsync(cancellationToken) as string;
        return found is null ? "" : string.Create(CultureInfo.InvariantCulture, $" (connected from {found} UTC)");
    }

    private NpgsqlCommand Holder(string what)
    {
        var command = Command($"""
            SELECT {what} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.classid::bigint = @high AND l.objid::bigint = @low
            """);
        command.Parameters.Add(new NpgsqlParameter<long>("high", (long)((ulong)key >> 32)));
        command.Parameters.Add(new NpgsqlParameter<long>("low", key & 0xFFFFFFFF));
        return command;
    }

    private NpgsqlCommand Command(string text)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        command.CommandTimeout = AnswerSeconds;
        return command;
    }
}
