using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Write_Completed_IsSeenByAnotherProcess()
    {
        var other = await OpenAsync();
        for (var i = 0; i < 20; i++)
        {
            await Store.WriteAsync(session => MarkAsync(session, $"m{i}"), Cancelled);
            Assert.Equal(i + 1, await other.ReadAsync(CountAsync, Cancelled));
            Assert.Equal(i + 1, await Store.ReadAsync(CountAsync, Cancelled));
        }
    }

    [Fact]
    public async Task Write_ThatThrowsInAGroup_FailsAlone()
    {
        var tasks = await TogetherAsync(
            session => MarkAsync(session, "first"),
            async session =>
            {
                await MarkAsync(session, "broken");
                throw new FormatException("mine alone");
            },
            session => MarkAsync(session, "third"));

        Assert.Equal(1, await tasks[0]);
        Assert.Equal("mine alone", (await Assert.ThrowsAsync<FormatException>(() => tasks[1])).Message);
        Assert.Equal(1, await tasks[2]);
        Assert.Equal(["first", "third"], await NamesAsync());
    }

    [Fact]
    public async Task Write_ThatThrowsAlone_LeavesNothing()
    {
        await Assert.ThrowsAsync<FormatException>(() => Store.WriteAsync<int>(async session =>
        {
            await MarkAsync(session, "broken");
            throw new FormatException("mine alone");
        }, Cancelled));

        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task Write_ThatSpoilsTheCommitOfItsGroup_FailsAlone()
    {
        await Store.WriteAsync(session => session.Sql("""
            CREATE TABLE children (parent TEXT NOT NULL REFERENCES marks (name) DEFERRABLE INITIALLY DEFERRED)
            """).ExecuteAsync(), Cancelled);
        var tasks = await TogetherAsync(
            session => MarkAsync(session, "first"),
            session => session.Sql("INSERT INTO children (parent) VALUES ('nobody')").ExecuteAsync(),
            session => MarkAsync(session, "third"));

        await Task.WhenAll(tasks[0], tasks[2]);
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => tasks[1]);
        Assert.Equal(["first", "third"], await NamesAsync());
    }

    [Fact]
    public async Task Write_ThatGoesOnAfterAFailedStatement_IsUndone()
    {
        await Store.WriteAsync(session => MarkAsync(session, "there"), Cancelled);

        await Assert.ThrowsAnyAsync<Exception>(() => Store.WriteAsync(async session =>
        {
            await MarkAsync(session, "new");
            await Assert.ThrowsAsync<DuplicateRowException>(async () => await MarkAsync(session, "there"));
            return 0;
        }, Cancelled));

        Assert.Equal(["there"], await NamesAsync());
    }

    [Fact]
    public async Task Writers_TwoHundredAtOnce_LoseNothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(
            () => Store.WriteAsync(session => MarkAsync(session, $"m{i}"), Cancelled))));

        Assert.Equal(200, await Store.ReadAsync(CountAsync, Cancelled));
    }

    [Fact]
    public async Task Writers_TwoHundredWithOneKey_OneWins()
    {
        var told = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            try
            {
                return await Store.WriteAsync(session => MarkAsync(session, "same", i), Cancelled);
            }
            catch (DuplicateRowException)
            {
                return 0;
            }
        })));

        Assert.Equal(1, told.Sum());
        Assert.Equal(["same"], await NamesAsync());
    }

    [Fact]
    public async Task CompareAndSwap_FiftyAtOnceOnTwoStores_OneWins()
    {
        var other = await OpenAsync();
        await Store.WriteAsync(session => MarkAsync(session, "order"), Cancelled);

        var won = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => (i % 2 == 0 ? Store : other).WriteAsync(
            session => session.Sql("UPDATE marks SET number = 1 WHERE name = @name AND number = 0").With("name", "order").ExecuteAsync(),
            Cancelled))));

        Assert.Equal(1, won.Sum());
    }

    [Fact]
    public async Task ReadThenWrite_HundredAtOnceOnTwoStores_CountsEach()
    {
        var other = await OpenAsync();
        await Store.WriteAsync(session => MarkAsync(session, "counter"), Cancelled);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => (i % 2 == 0 ? Store : other).WriteAsync(async session =>
        {
            var number = await session.Sql("SELECT number FROM marks WHERE name = 'counter'").NumberAsync();
            return await session.Sql("UPDATE marks SET number = @next WHERE name = 'counter'").With("next", number + 1).ExecuteAsync();
        }, Cancelled))));

        Assert.Equal(100, await Store.ReadAsync(
            session => session.Sql("SELECT number FROM marks WHERE name = 'counter'").NumberAsync(), Cancelled));
    }

    [Fact]
    public async Task Write_CancelledBeforeItStarts_WritesNothing()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.WriteAsync(session => MarkAsync(session, "late"), source.Token));

        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task Write_AfterClosing_IsRefused()
    {
        var other = await OpenAsync();
        await other.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => other.WriteAsync(session => MarkAsync(session, "late"), Cancelled));
        Assert.Empty(await NamesAsync());
    }
}
