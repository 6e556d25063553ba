using System.Diagnostics;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>One control plane of a name on one PostgreSQL database.</summary>
[Collection(PostgresGroup.Name)]
public sealed class ReplicaTurnTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Pause = TimeSpan.FromMilliseconds(20);

    private string file = "";
    private NpgsqlDataSource aside = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        file = await postgres.Server.CreateDatabaseAsync();
        aside = NpgsqlDataSource.Create(await File.ReadAllTextAsync(file, Stop) + ";Pooling=false");
    }

    public ValueTask DisposeAsync() => aside.DisposeAsync();

    [Fact]
    public async Task Open_UnderANameThatIsTaken_IsRefused_UntilTheOtherHasEnded()
    {
        await using (await OpenAsync("one"))
        {
            var fault = await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync("one"));
            Assert.StartsWith("replica 'one' is running already (connected from this host since ", fault.Message, StringComparison.Ordinal);
            Assert.Contains("Replica:Id", fault.Message, StringComparison.Ordinal);
            await using var two = await OpenAsync("two");
            await WriteAsync(two);
        }

        await using var again = await OpenAsync("one", Patience);
        await WriteAsync(again);
    }

    [Fact]
    public async Task Open_AfterThePredecessorWasKilled_Succeeds()
    {
        using var former = await HoldInAProcessAsync("one");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync("one"));

        former.Kill();

        await using var store = await OpenAsync("one", Patience);
        await WriteAsync(store);
    }

    [Fact]
    public async Task ConnectionOfTheTurn_ThatEnds_IsMadeAnew()
    {
        await using var store = await OpenAsync("one");
        var first = await HolderAsync("one");

        await TerminateAsync(first);

        await UntilAsync(async () => await HolderAsync("one") is { } now && now != first);
        await UntilAsync(async () =>
        {
            try
            {
                await WriteAsync(store);
                return true;
            }
            catch (StoreUnavailableException)
            {
                return false;
            }
        });
        Assert.False(store.Fatal.IsCompleted);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync("one"));
    }

    [Fact]
    public async Task Turn_ThatAnotherHasTaken_StopsTheStore()
    {
        await using var store = await OpenAsync("one");
        await using var other = await aside.OpenConnectionAsync(Stop);
        await using var waiting = new NpgsqlCommand($"SELECT pg_advisory_lock({ReplicaTurn.KeyOf("one")})", other);
        var taken = waiting.ExecuteNonQueryAsync(Stop);
        await UntilAsync(async () => await NumberAsync("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 1);

        await TerminateAsync(await HolderAsync("one"));
        await taken;

        var cause = await store.Fatal.WaitAsync(Patience, Stop);
        Assert.StartsWith("another control plane has become replica 'one'", cause.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(store));
    }

    private static Task<int> WriteAsync(IStore store) =>
        store.WriteAsync(session => session.Sql("UPDATE leases SET holder = holder").ExecuteAsync(), Stop);

    private async Task<IStore> OpenAsync(string replica, TimeSpan? patience = null) => await StoreFactory.OpenAsync(
        new StoreOptions { Provider = StoreProvider.Postgresql, ConnectionFile = file, Replica = replica, BusyTimeout = patience ?? TimeSpan.FromMilliseconds(200) },
        TimeProvider.System, NullLoggerFactory.Instance, Stop);

    // A program that can be killed as a whole, which this one cannot.
    private async Task<Process> HoldInAProcessAsync(string replica)
    {
        var where = new NpgsqlConnectionStringBuilder(await File.ReadAllTextAsync(file, Stop));
        var process = Process.Start(new ProcessStartInfo("psql", ["-h", where.Host!, "-U", where.Username!, "-d", where.Database!])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        await process.StandardInput.WriteLineAsync($"SELECT pg_advisory_lock({ReplicaTurn.KeyOf(replica)});");
        await process.StandardInput.FlushAsync(Stop);
        await UntilAsync(async () => await HolderAsync(replica) is not null);
        return process;
    }

    private async Task<long?> HolderAsync(string replica)
    {
        var key = (ulong)ReplicaTurn.KeyOf(replica);
        return await NumberAsync($"SELECT pid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = {key >> 32} AND objid::bigint = {key & 0xFFFFFFFF}");
    }

    private Task<long?> TerminateAsync(long? pid) => NumberAsync($"SELECT pg_terminate_backend({pid})::int::bigint");

    private async Task<long?> NumberAsync(string text)
    {
        await using var command = aside.CreateCommand(text);
        return await command.ExecuteScalarAsync(Stop) as long?;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        bound.CancelAfter(Patience);
        while (!await condition()) await Task.Delay(Pause, bound.Token);
    }
}
