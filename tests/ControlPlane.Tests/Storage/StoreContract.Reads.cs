using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Read_WhileOthersWrite_StaysAtOneMoment()
    {
        var (before, after) = await Store.ReadAsync(async session =>
        {
            var first = await CountAsync(session);
            await Store.WriteAsync(writing => MarkAsync(writing, "meanwhile"), Cancelled);
            return (first, await CountAsync(session));
        }, Cancelled);

        Assert.Equal(before, after);
        Assert.Equal(["meanwhile"], await NamesAsync());
    }

    [Fact]
    public async Task Read_ThatWrites_IsRefused()
    {
        await Assert.ThrowsAnyAsync<Exception>(async () => await Store.ReadAsync(session => MarkAsync(session, "sly"), Cancelled));

        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task ReadOne_SeesWhatIsCommittedAndNothingElse()
    {
        for (var i = 0; i < 3 * Options.Readers; i++)
        {
            await Store.WriteAsync(session => MarkAsync(session, $"mark {i}"), Cancelled);
            Assert.Equal(i + 1, await Store.ReadOneAsync(CountAsync, Cancelled));
        }
        var meanwhile = await Store.WriteAsync(async session =>
        {
            await MarkAsync(session, "not yet");
            return await CountAsync(session);
        }, Cancelled);
        Assert.Equal(3 * Options.Readers + 1, meanwhile);
    }

    [Fact]
    public async Task ReadOne_ThatWrites_IsRefused()
    {
        await Assert.ThrowsAnyAsync<Exception>(async () => await Store.ReadOneAsync(session => MarkAsync(session, "sly"), Cancelled));

        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task ReadOne_WithASecondStatement_IsRefusedAndLeavesTheReaderUsable()
    {
        for (var i = 0; i < 3 * Options.Readers; i++)
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(async () => await Store.ReadOneAsync(TwiceAsync, Cancelled));
            Assert.Contains("second", refused.Message, StringComparison.Ordinal);
            Assert.Equal(0, await Store.ReadAsync(TwiceAsync, Cancelled));
        }
        Assert.Equal(1, await Store.WriteAsync(session => MarkAsync(session, "one"), Cancelled));

        static async ValueTask<long> TwiceAsync(StoreSession session) => await CountAsync(session) + await CountAsync(session);
    }

    [Fact]
    public async Task Read_ThatThrows_LeavesTheReaderUsable()
    {
        for (var i = 0; i < 3 * Options.Readers; i++)
            await Assert.ThrowsAsync<FormatException>(async () => await Store.ReadAsync<int>(_ => throw new FormatException(), Cancelled));

        Assert.Equal(0, await Store.ReadAsync(CountAsync, Cancelled));
    }

    [Fact]
    public async Task Readers_MoreThanThereAreConnections_AllAnswer()
    {
        await Store.WriteAsync(session => MarkAsync(session, "one"), Cancelled);

        var counts = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () => await Store.ReadAsync(CountAsync, Cancelled))));

        Assert.All(counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task Columns_OfEveryKind_ComeBackAsTheyWent()
    {
        await Store.WriteAsync(session => session.Sql($"CREATE TABLE kinds (id BIGINT PRIMARY KEY, t TEXT, n BIGINT, b {Bytes})").ExecuteAsync(), Cancelled);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123);
        var longText = string.Concat(Enumerable.Repeat("häßlich ☃ ", 100));
        await Store.WriteAsync(async session =>
        {
            await Insert(session, 1).With("t", "häßlich").With("n", long.MaxValue).With("b", [0, 255]).ExecuteAsync();
            await Insert(session, 2).With("t", (string?)null).With("n", (long?)null).With("b", (byte[]?)null).ExecuteAsync();
            await Insert(session, 3).With("t", "").With("n", time).With("b", []).ExecuteAsync();
            return await Insert(session, 4).With("t", longText).With("n", long.MinValue).With("b", new byte[5000]).ExecuteAsync();
        }, Cancelled);

        var rows = await Store.ReadAsync(session => session.Sql("SELECT t, n, b FROM kinds ORDER BY id").ListAsync(row =>
            (Text: row.OptionalText(0), Number: row.IsDBNull(1) ? (long?)null : row.GetInt64(1), Bytes: row.OptionalBytes(2))), Cancelled);
        var times = await Store.ReadAsync(
            session => session.Sql("SELECT n FROM kinds WHERE id IN (2, 3) ORDER BY id").ListAsync(row => row.OptionalTime(0)), Cancelled);

        Assert.Equal("häßlich", rows[0].Text);
        Assert.Equal(long.MaxValue, rows[0].Number);
        Assert.Equal([0, 255], rows[0].Bytes!);
        Assert.Equal((null, null, null), rows[1]);
        Assert.Equal("", rows[2].Text);
        Assert.Equal([null, time], times);
        Assert.Empty(rows[2].Bytes!);
        Assert.Equal((longText, long.MinValue), (rows[3].Text, rows[3].Number));
        Assert.Equal(new byte[5000], rows[3].Bytes!);

        static StoreStatement Insert(StoreSession session, long id) =>
            session.Sql("INSERT INTO kinds (id, t, n, b) VALUES (@id, @t, @n, @b)").With("id", id);
    }

    [Fact]
    public async Task Statement_UsedAgainWithoutAParameter_SaysWhich()
    {
        await Store.WriteAsync(session => MarkAsync(session, "one", 7), Cancelled);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => Store.WriteAsync(async session =>
        {
            await MarkAsync(session, "two", 8);
            return await session.Sql("INSERT INTO marks (name, number) VALUES (@name, @number)").With("name", "three").ExecuteAsync();
        }, Cancelled));

        Assert.Contains("'number'", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["one"], await NamesAsync());
    }

    /// <summary>The one word that the engines' schemas do not share.</summary>
    private protected abstract string Bytes { get; }
}
