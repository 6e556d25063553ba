using System.Diagnostics;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>Disks that are full or lie (DESIGN §9). Needs the right to mount.</summary>
public sealed class SqliteFaultTests : IAsyncLifetime
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-disk-");

    private string Database => Path.Combine(directory.FullName, "disk", "store.db");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        directory.CreateSubdirectory("disk");
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", Path.GetDirectoryName(Database)!);
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", Path.GetDirectoryName(Database)!);
        directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task FullDisk_RefusesWrites_AndRecoversBySpaceAlone(int writers)
    {
        await using var store = await SqliteBlobs.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Database, CheckpointPages = 100 }, table: true, Cancelled);
        var (acknowledged, refused, next) = (0, 0, 0L);
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            // Every writer goes on for a while after the first refusal, with writes that may still fit and some that never do.
            for (var after = 0; after < 20;)
            {
                var id = Interlocked.Increment(ref next);
                try
                {
                    await SqliteBlobs.WriteAsync(store, id, (int)(id % 7 * 30) + 1, Cancelled);
                    Interlocked.Increment(ref acknowledged);
                }
                catch (StoreUnavailableException)
                {
                    Interlocked.Increment(ref refused);
                    after++;
                }
            }
        })));

        Assert.True(acknowledged > 0);
        Assert.Equal(20 * writers, refused);
        Assert.False(store.Fatal.IsCompleted, "a full disk is no reason to exit");
        Assert.Equal(acknowledged, await SqliteBlobs.CountAsync(store, Cancelled));

        await GrowAsync();
        for (var i = 0; i < 50; i++) await SqliteBlobs.WriteAsync(store, 1_000_000 + i, 100, Cancelled);

        Assert.Equal(acknowledged + 50, await SqliteBlobs.CountAsync(store, Cancelled));
        await store.DisposeAsync();
        await using var again = await SqliteBlobs.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Database }, table: false, Cancelled);
        Assert.Equal(acknowledged + 50, await SqliteBlobs.CountAsync(again, Cancelled));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DatabaseThatIsMoved_OrReplaced_StopsTheStore_AndLosesNothingOncePutBack(bool replaced)
    {
        var store = await SqliteBlobs.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Database }, table: true, Cancelled);
        for (var i = 0; i < 20; i++) await SqliteBlobs.WriteAsync(store, i, 1, Cancelled);

        File.Move(Database, Database + ".away");
        if (replaced) File.Copy(Database + ".away", Database);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => SqliteBlobs.WriteAsync(store, 100, 1, Cancelled));

        var cause = await store.Fatal.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
        Assert.StartsWith($"'{Database}' was removed or replaced while it was in use", cause.Message, StringComparison.Ordinal);
        await store.DisposeAsync();
        File.Delete(Database);
        // Its log would be deleted with a new database, and what is only in the log with it.
        var refused = await Assert.ThrowsAsync<IOException>(() => SqliteBlobs.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Database }, table: false, Cancelled));
        Assert.StartsWith($"database '{Database}' is missing or empty, but its log '{Database}-wal' is not: put the database back", refused.Message, StringComparison.Ordinal);
        File.Move(Database + ".away", Database);
        await using var again = await SqliteBlobs.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Database }, table: false, Cancelled);
        Assert.InRange(await SqliteBlobs.CountAsync(again, Cancelled), 20, 21);
    }

    [Theory]
    [InlineData("remove")]
    [InlineData("move")]
    [InlineData("replace")]
    public async Task LogThatIsGone_StopsTheStore_AndEverythingAcknowledgedIsInTheDatabase(string how)
    {
        var log = Database + "-wal";
        var store = await SqliteBlobs.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Database }, table: true, Cancelled);
        for (var i = 0; i < 20; i++) await SqliteBlobs.WriteAsync(store, i, 1, Cancelled);

        if (how == "move") File.Move(log, log + ".away");
        else File.Delete(log);
        if (how == "replace") await File.WriteAllBytesAsync(log, [], Cancelled);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => SqliteBlobs.WriteAsync(store, 100, 1, Cancelled));

        var cause = await store.Fatal.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
        Assert.StartsWith($"'{log}', the database's log, was removed or replaced while it was in use", cause.Message, StringComparison.Ordinal);
        await store.DisposeAsync();
        await using var again = await SqliteBlobs.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Database }, table: false, Cancelled);
        Assert.InRange(await SqliteBlobs.CountAsync(again, Cancelled), 20, 21);
    }

    [Fact]
    public async Task Corruption_FoundByAWrite_StopsTheStore()
    {
        var store = await FilledAsync();
        await using var closing = store;

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            for (var i = 0; i < 300; i++) await SqliteBlobs.WriteAsync(store, (i * 10_000) + 5_000, 1, Cancelled);
        });

        await store.Fatal.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => SqliteBlobs.WriteAsync(store, 999_999, 1, Cancelled));
    }

    [Fact]
    public async Task Corruption_FoundByARead_StopsTheStore()
    {
        var store = await FilledAsync();
        await using var closing = store;

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ReadAsync(
            session => session.Sql("SELECT sum(length(content)) FROM blobs").NumberAsync(), Cancelled).AsTask());

        await store.Fatal.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => SqliteBlobs.WriteAsync(store, 999_999, 1, Cancelled));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ReadAsync(_ => ValueTask.FromResult(0), Cancelled).AsTask());
    }

    // A store whose file has garbage in its second half, where the rows are; the schema before it is whole.
    private async Task<IStore> FilledAsync()
    {
        await GrowAsync();
        var store = await SqliteBlobs.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Database }, table: true, Cancelled);
        for (var i = 0; i < 300; i++) await SqliteBlobs.WriteAsync(store, i * 10_000, 1, Cancelled);
        await store.DisposeAsync();
        await using (var file = new FileStream(Database, FileMode.Open, FileAccess.Write))
        {
            file.Seek(file.Length / 2 / 4096 * 4096, SeekOrigin.Begin);
            var garbage = new byte[file.Length - file.Position];
            Array.Fill(garbage, (byte)0xA5);
            await file.WriteAsync(garbage, Cancelled);
        }
        return await SqliteBlobs.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Database }, table: false, Cancelled);
    }

    private Task GrowAsync() => RunAsync("mount", "-o", "remount,size=64m", Path.GetDirectoryName(Database)!);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors}");
    }
}
