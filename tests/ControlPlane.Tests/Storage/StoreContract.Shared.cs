using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Generational_ChangedByAnotherProcess_IsLoadedAnew()
    {
        var other = await OpenAsync();
        var loads = 0;
        var names = new Generational<long>(Store, session =>
        {
            Interlocked.Increment(ref loads);
            return CountAsync(session);
        });

        Assert.Equal(0, await names.CurrentAsync(Cancelled));
        Assert.Equal(0, await names.CurrentAsync(Cancelled));
        Assert.Equal(1, loads);

        for (var i = 1; i <= 5; i++)
        {
            await ChangeAsync(other, $"m{i}");
            Assert.Equal(i, await names.CurrentAsync(Cancelled));
        }
        Assert.Equal(6, loads);
    }

    [Fact]
    public async Task Generational_AskedByManyAtOnce_LoadsOnce()
    {
        var loads = 0;
        var names = new Generational<long>(Store, session =>
        {
            Interlocked.Increment(ref loads);
            return CountAsync(session);
        });
        await ChangeAsync(Store, "one");

        var values = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () => await names.CurrentAsync(Cancelled))));

        Assert.All(values, value => Assert.Equal(1, value));
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task Generational_WhoseLoadFails_TriesAgain()
    {
        var broken = true;
        var names = new Generational<long>(Store, session => broken ? throw new FormatException() : CountAsync(session));

        await Assert.ThrowsAsync<FormatException>(async () => await names.CurrentAsync(Cancelled));
        broken = false;

        Assert.Equal(0, await names.CurrentAsync(Cancelled));
    }

    [Fact]
    public async Task Lease_HeldByOne_IsRefusedToAnotherUntilItRunsOut()
    {
        var (one, two) = (new Lease("work", TimeSpan.FromMinutes(1)), new Lease("work", TimeSpan.FromMinutes(1)));
        var now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

        Assert.True(await HoldAsync(one, now));
        Assert.False(await HoldAsync(two, now.AddSeconds(59)));
        Assert.True(await HoldAsync(one, now.AddSeconds(59)));
        Assert.False(await HoldAsync(two, now.AddSeconds(118)));
        Assert.True(await HoldAsync(two, now.AddSeconds(119)));
        Assert.False(await Store.WriteAsync(one.ReleaseAsync, Cancelled));
        Assert.True(await Store.WriteAsync(two.ReleaseAsync, Cancelled));
        Assert.True(await HoldAsync(one, now));
    }

    [Fact]
    public async Task Sweeper_WithExpiredRows_DeletesThemInBatchesAndKeepsTheRest()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000));
        await FillAsync(450, expired: clock.GetUtcNow().ToUnixTimeMilliseconds() - 1, live: clock.GetUtcNow().ToUnixTimeMilliseconds() + 1);
        var batches = new List<int>();
        using var sweeper = NewSweeper(clock, batches);

        Assert.Equal(450, await sweeper.SweepAsync(Cancelled));
        // A replayed batch is counted again.
        Assert.True(batches.Count >= 3);
        Assert.All(batches, rows => Assert.InRange(rows, 0, Options.SweepBatch));
        var asked = batches.Count;
        Assert.Equal(["live"], await NamesAsync());

        Assert.Equal(0, await sweeper.SweepAsync(Cancelled));
        Assert.Equal(asked, batches.Count);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await sweeper.SweepAsync(Cancelled));
    }

    [Fact]
    public async Task Sweeper_WhileAnotherProcessSweeps_LeavesItTheWork()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000));
        using var one = NewSweeper(clock, []);
        using var two = NewSweeper(clock, []);
        await one.SweepAsync(Cancelled);
        await FillAsync(10, expired: 1, live: long.MaxValue);

        Assert.Equal(0, await two.SweepAsync(Cancelled));
        await one.StopAsync(Cancelled);
        Assert.Equal(10, await two.SweepAsync(Cancelled));
    }

    [Fact]
    public async Task Sweeper_Running_SweepsByItself()
    {
        await FillAsync(300, expired: 1, live: long.MaxValue);
        var swept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var sweeper = new Sweeper(Store, Options, [
            new SweepTask("marks", TimeSpan.FromMinutes(1), SweepMarksAsync),
            new SweepTask("next", TimeSpan.FromMinutes(1), (_, _, _) =>
            {
                swept.TrySetResult();
                return ValueTask.FromResult(0);
            }),
        ], TimeProvider.System, NullLogger<Sweeper>.Instance);

        await sweeper.StartAsync(Cancelled);
        await swept.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        await sweeper.StopAsync(Cancelled);

        Assert.Equal(["live"], await NamesAsync());
    }

    private Sweeper NewSweeper(TimeProvider clock, List<int> batches) => new(Store, Options, [
        new SweepTask("marks", TimeSpan.FromMinutes(1), async (session, now, batch) =>
        {
            var deleted = await SweepMarksAsync(session, now, batch);
            batches.Add(deleted);
            return deleted;
        }),
    ], clock, NullLogger<Sweeper>.Instance);

    private static async ValueTask<int> SweepMarksAsync(StoreSession session, DateTimeOffset now, int batch) => await session.Sql("""
        DELETE FROM marks WHERE name IN (SELECT name FROM marks WHERE number < @now LIMIT @batch)
        """).With("now", now).With("batch", batch).ExecuteAsync();

    private Task<int> FillAsync(int count, long expired, long live) => Store.WriteAsync(async session =>
    {
        for (var i = 0; i < count; i++) await MarkAsync(session, $"old{i}", expired);
        return await MarkAsync(session, "live", live);
    }, Cancelled);

    private async Task<bool> HoldAsync(Lease lease, DateTimeOffset now) =>
        await Store.WriteAsync(session => lease.HoldAsync(session, now), Cancelled);

    private static Task<int> ChangeAsync(IStore store, string name) => store.WriteAsync(async session =>
    {
        await Generation.BumpAsync(session);
        return await MarkAsync(session, name);
    }, Cancelled);
}
