using GrpcCa.ControlPlane.Storage;
using GrpcCa.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>What is set aside for urgent acts on a full disk. Needs the right to mount.</summary>
public sealed class SqliteReserveTests : IAsyncLifetime
{
    private const int Mebibyte = 1 << 20;

    private static readonly TimeSpan OncePerSecond = TimeSpan.FromSeconds(1.2);

    // The disk is asked once a second; the promise is five (issue of durability), and a busy machine gets more.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-disk-");

    private string Disk => Path.Combine(directory.FullName, "disk");

    private string Reserve => Path.Combine(Disk, "store.db-reserve");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Disk);
        await ProgramRun.SucceedAsync("mount", ["-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", Disk]);
    }

    public async ValueTask DisposeAsync()
    {
        await ProgramRun.SucceedAsync("umount", [Disk]);
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Open_SetsRealSpaceAside_AndFindsItAgain()
    {
        await using (await OpenAsync(2)) await AssertReserveAsync(2);
        var made = File.GetLastWriteTimeUtc(Reserve);
        // As a kill leaves it while one is made.
        await File.WriteAllBytesAsync(Reserve + ".new", new byte[100], Cancelled);

        await using (await OpenAsync(2)) Assert.Equal(made, File.GetLastWriteTimeUtc(Reserve));
        await using (await OpenAsync(1)) await AssertReserveAsync(1);
        await using (await OpenAsync(0)) Assert.False(File.Exists(Reserve));
        Assert.False(File.Exists(Reserve + ".new"));
    }

    [Fact]
    public async Task Open_WithoutSpaceForIt_WorksAllTheSame()
    {
        await using var store = await OpenAsync(8);

        await SqliteBlobs.WriteAsync(store, 1, 1, Cancelled);
        await ActAsync(store, 2, 1);

        Assert.False(File.Exists(Reserve));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task FullDisk_GivesTheReserveToUrgentWritesAlone_AndMakesItAnew(int writers)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000));
        await using var store = await OpenAsync(2, clock);
        await FillAsync(store);
        await AssertReserveAsync(2);

        // Ordinary and urgent ones together, so that they meet in groups.
        var refused = 0;
        await Task.WhenAll(Enumerable.Range(1, 40).Select(async i =>
        {
            if (i % 2 == 0)
            {
                await ActAsync(store, i, 8);
                return;
            }
            await Assert.ThrowsAsync<StoreUnavailableException>(() => SqliteBlobs.WriteAsync(store, i, writers == 1 ? 900 : 64, Cancelled));
            Interlocked.Increment(ref refused);
        }));
        Assert.Equal(20, refused);
        AssertSpent();
        Assert.False(store.Fatal.IsCompleted);

        // What the reserve left is not for others, though it would be enough for them, also when the disk is asked anew.
        clock.Advance(OncePerSecond);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => SqliteBlobs.WriteAsync(store, 500, 1, Cancelled));
        await ActAsync(store, 501, 8);

        await ProgramRun.SucceedAsync("mount", ["-o", "remount,size=64m", Disk]);
        clock.Advance(OncePerSecond);
        await SqliteBlobs.WriteAsync(store, 502, 900, Cancelled);
        for (var id = 600; id < 620; id++) await SqliteBlobs.WriteAsync(store, id, 1, Cancelled);

        await AssertReserveAsync(2);
        Assert.Equal(22, await store.ReadAsync(s => s.Sql("SELECT count(*) FROM blobs WHERE id IN (501, 502) OR (id <= 40 AND id % 2 = 0)").NumberAsync(), Cancelled));
    }

    [Fact]
    public async Task DatabaseThatFilledItsDisk_IsSwept_AndGoesOnByItself()
    {
        await using var store = await OpenAsync(2);
        await FillAsync(store);
        for (var id = 1; new FileInfo(Reserve).Length > 0; id++)
        {
            Assert.InRange(id, 1, 1000);
            await ActAsync(store, id, 8);
        }
        await Assert.ThrowsAsync<StoreUnavailableException>(() => SqliteBlobs.WriteAsync(store, 5000, 1, Cancelled));

        // As the sweeper does: a batch, and its pages.
        for (var left = 1L; left > 0;)
        {
            await store.WriteAsync(session => session.Sql("DELETE FROM blobs WHERE id IN (SELECT id FROM blobs LIMIT 20)").ExecuteAsync(), Cancelled, Urgency.Freeing);
            await store.ReclaimAsync(200, Cancelled);
            left = await SqliteBlobs.CountAsync(store, Cancelled);
        }

        await EventuallyAsync(() => SqliteBlobs.WriteAsync(store, 5001, 1, Cancelled));
        await AssertReserveAsync(2);
        Assert.False(store.Fatal.IsCompleted);
    }

    [Fact]
    public async Task SweepingOnAFullDisk_NeverSpendsTheReserve()
    {
        await using var store = await OpenAsync(2);
        await FillAsync(store);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.WriteAsync(session => SqliteBlobs.InsertAsync(session, 5000, 900), Cancelled, Urgency.Freeing));

        await AssertReserveAsync(2);
    }

    [Fact]
    public async Task Open_AfterTheReserveWasSpent_LeavesTheRestOfItToUrgentWrites_UntilThereIsSpace()
    {
        await using (var store = await OpenAsync(2))
        {
            await FillAsync(store);
            for (var id = 1; new FileInfo(Reserve).Length > 0; id++)
            {
                Assert.InRange(id, 1, 1000);
                await ActAsync(store, id, 8);
            }
        }
        FillExcept(Mebibyte);

        await using (var again = await OpenAsync(2))
        {
            AssertSpent();
            await Assert.ThrowsAsync<StoreUnavailableException>(() => SqliteBlobs.WriteAsync(again, 2001, 1, Cancelled));
            await ActAsync(again, 2002, 8);

            await ProgramRun.SucceedAsync("mount", ["-o", "remount,size=64m", Disk]);
            await EventuallyAsync(() => SqliteBlobs.WriteAsync(again, 2003, 900, Cancelled));
            await AssertReserveAsync(2);
        }
        FillExcept(Mebibyte);
        await using var last = await OpenAsync(2);
        await SqliteBlobs.WriteAsync(last, 2004, 1, Cancelled);
        await AssertReserveAsync(2);
        Assert.Equal([2002L, 2003L, 2004L], await last.ReadAsync(s => s.Sql("SELECT id FROM blobs WHERE id BETWEEN 2001 AND 2010 ORDER BY id").ListAsync(row => row.GetInt64(0)), Cancelled));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_OnAFullDisk_TakesTheReserveForTheLogItHasToCopy(bool reserve)
    {
        var saved = Directory.CreateDirectory(Path.Combine(directory.FullName, "saved")).FullName;
        await using (var store = await OpenAsync(reserve ? 2 : 0))
        {
            for (var i = 0; i < 15; i++) await SqliteBlobs.WriteAsync(store, i, 100, Cancelled);
            // As a kill leaves them: the rows are in the log alone.
            foreach (var name in (string[])["store.db", "store.db-wal"]) File.Copy(Path.Combine(Disk, name), Path.Combine(saved, name));
        }
        foreach (var name in (string[])["store.db", "store.db-wal"]) File.Move(Path.Combine(saved, name), Path.Combine(Disk, name), overwrite: true);
        FillExcept(200 * 1024);

        if (!reserve)
        {
            await Assert.ThrowsAsync<StoreSchemaException>(() => OpenAsync(0));
            return;
        }
        await using var again = await OpenAsync(2);
        // The log is empty now, which leaves room to make it anew.
        await AssertReserveAsync(2);
        Assert.Equal(15, await again.ReadAsync(s => s.Sql("SELECT count(*) FROM blobs").NumberAsync(), Cancelled));
    }

    private void AssertSpent() => Assert.Equal(0, new FileInfo(Reserve).Length);

    private void FillExcept(long bytes)
    {
        File.Delete(Path.Combine(Disk, "filling"));
        var free = new DriveInfo(Disk).AvailableFreeSpace - bytes;
        using var file = File.Create(Path.Combine(Disk, "filling"));
        file.Write(new byte[free]);
    }

    private static Task<int> ActAsync(IStore store, long id, int kilobytes) =>
        store.WriteAsync(session => SqliteBlobs.InsertAsync(session, id, kilobytes), Cancelled, Urgency.Urgent);

    // Big ones, then ever smaller ones: in the end nothing has room.
    private static async Task FillAsync(IStore store)
    {
        var id = 1000;
        for (var kilobytes = 1024; kilobytes >= 4; kilobytes /= 2)
        {
            try
            {
                for (var i = 0; i < 200; i++) await SqliteBlobs.WriteAsync(store, id++, kilobytes, Cancelled);
                Assert.Fail("the disk does not get full");
            }
            catch (StoreUnavailableException)
            {
                // The next ones are smaller.
            }
        }
    }

    private static async Task EventuallyAsync(Func<Task> write)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        bound.CancelAfter(Patience);
        while (true)
        {
            try
            {
                await write();
                return;
            }
            catch (StoreUnavailableException)
            {
                await Task.Delay(100, bound.Token);
            }
        }
    }

    // A file with a hole would have the length and not the blocks.
    private async Task AssertReserveAsync(int mebibytes)
    {
        var stat = await ProgramRun.SucceedAsync("stat", ["-c", "%s %b %a", Reserve]);
        var words = stat.Output.Split();
        Assert.Equal(mebibytes * Mebibyte, int.Parse(words[0]));
        Assert.True(int.Parse(words[1]) * 512 >= mebibytes * Mebibyte, stat.Said);
        Assert.Equal("600", words[2]);
    }

    private async Task<IStore> OpenAsync(int reserve, TimeProvider? time = null)
    {
        var path = Path.Combine(Disk, "store.db");
        return await SqliteBlobs.OpenAsync(new StoreOptions { Path = path, ReserveMib = reserve, CheckpointPages = 100 }, table: !File.Exists(path), time ?? TimeProvider.System, Cancelled);
    }
}
