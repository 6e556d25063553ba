using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>The generation that the embedded engine keeps in memory is never older than an answer.</summary>
public sealed class SqliteGenerationTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-generation-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task Read_AfterEachAnswer_SeesTheChange()
    {
        await using var store = await OpenAsync("main");
        var first = await store.ReadGenerationAsync(Cancelled);

        for (var i = 1; i <= 20; i++)
        {
            await store.WriteAsync(RaiseAsync, Cancelled);
            Assert.Equal(first with { Configuration = first.Configuration + i }, await store.ReadGenerationAsync(Cancelled));
            Assert.Equal(first with { Configuration = first.Configuration + i }, await store.ReadGenerationAsync(Cancelled));
        }
    }

    [Fact]
    public async Task Read_WhileManyRaiseIt_IsNeverOlderThanTheOwnAnswer()
    {
        await using var store = await OpenAsync("main");

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                var mine = await store.WriteAsync(RaiseAsync, Cancelled);
                Assert.InRange((await store.ReadGenerationAsync(Cancelled)).Configuration, mine, long.MaxValue);
            }
        })));

        Assert.Equal(await store.ReadAsync(Generation.ReadAsync, Cancelled), await store.ReadGenerationAsync(Cancelled));
    }

    [Fact]
    public async Task Read_AfterAChangeThatWasUndone_IsAsBefore()
    {
        await using var store = await OpenAsync("main");
        var before = await store.ReadGenerationAsync(Cancelled);

        await Assert.ThrowsAsync<FormatException>(() => store.WriteAsync<long>(async session =>
        {
            await RaiseAsync(session);
            throw new FormatException();
        }, Cancelled));

        Assert.Equal(before, await store.ReadGenerationAsync(Cancelled));
    }

    [Theory]
    [InlineData("main", false)]
    [InlineData("", true)]
    public async Task Read_WhenAnotherProcessWrites_SeesItUnlessOthersAreKeptOut(string replica, bool seen)
    {
        await using var store = await OpenAsync(replica);
        var before = (await store.ReadGenerationAsync(Cancelled)).Configuration;
        await using (var other = new SqliteConnection($"Data Source={Path.Combine(directory.FullName, "store.db")};Pooling=False"))
        {
            await other.OpenAsync(Cancelled);
            await using var command = other.CreateCommand();
            command.CommandText = "UPDATE config_generation SET number = number + 1";
            await command.ExecuteNonQueryAsync(Cancelled);
        }

        Assert.Equal(seen ? before + 1 : before, (await store.ReadGenerationAsync(Cancelled)).Configuration);
    }

    [Fact]
    public void Keep_OfWhatWasReadBeforeItWasForgotten_KeepsNothing()
    {
        var kept = new KeptGeneration();
        var since = kept.Changes;
        kept.Keep(new Generation(7, 1), since);
        Assert.Equal(new Generation(7, 1), kept.Current);

        kept.Forget();
        kept.Keep(new Generation(7, 1), since);

        Assert.Null(kept.Current);
    }

    [Fact]
    public void Keep_OfWhatWasReadBeforeACommit_KeepsTheCommitted()
    {
        var kept = new KeptGeneration();
        var since = kept.Changes;

        kept.Committed(7, 2);
        kept.Keep(new Generation(7, 1), since);

        Assert.Equal(new Generation(7, 2), kept.Current);
    }

    [Fact]
    public async Task Read_WithinAWrite_IsRefused()
    {
        await using var store = await OpenAsync("main");
        await store.ReadGenerationAsync(Cancelled);

        await Assert.ThrowsAsync<InvalidOperationException>(() => store.WriteAsync(_ => store.ReadGenerationAsync(Cancelled), Cancelled));
    }

    private static async ValueTask<long> RaiseAsync(StoreSession session)
    {
        await Generation.BumpAsync(session);
        return await Generation.ReadConfigurationAsync(session);
    }

    private Task<IStore> OpenAsync(string replica) => StoreFactory.OpenAsync(
        new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "store.db"), Replica = replica }, TimeProvider.System, NullLoggerFactory.Instance, Cancelled);
}
