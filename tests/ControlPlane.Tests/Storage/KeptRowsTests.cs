using System.Collections;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>Rows in memory are those of the database, and never older than an answer.</summary>
public sealed class KeptRowsTests : IDisposable
{
    private static readonly DateTimeOffset Now = new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero).AddTicks(1_234_567);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-kept-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task Rows_AreKeptAsTheyAreRead()
    {
        await using var store = await OpenAsync();
        var filler = new StoreFiller(store, Cancelled);
        await filler.AddAccountAsync(Now);
        await filler.AddOrdersAsync(20, Now, TimeSpan.FromDays(1));
        await filler.AddCertificatesAsync(20, "authorities/home/issuers/one", i => new ValidityPeriod(Now.AddMinutes(-i), Now.AddDays(1)), _ => null, audited: false);
        foreach (var id in await IdsAsync(store, "select id from orders order by id limit 10"))
        {
            await store.WriteAsync(async session =>
            {
                var order = (await OrderStore.FindAsync(session, id))!;
                Assert.True(await OrderStore.ReplaceAsync(session, order, order with { PlannedSerial = "01ab", Evidence = [] }));
                var authorization = (await AuthorizationStore.FindAsync(session, order.AuthorizationIds[0]))!;
                Assert.True(await AuthorizationStore.ReplaceAsync(session, authorization, authorization.With(authorization.Challenges[0] with { ValidatedAt = Now })));
                return 0;
            }, Cancelled);
        }

        await EachAsync(await IdsAsync(store, "select id from authorizations"), KeptRows.Authorizations, AuthorizationStore.FindAsync);
        await EachAsync(await IdsAsync(store, "select id from orders"), KeptRows.Orders, OrderStore.FindAsync);
        await EachAsync(await IdsAsync(store, "select serial from certificates"), KeptRows.Certificates,
            (session, id) => CertificateStore.FindAsync(session, SerialNumber.TryParseHex(id, out var serial) ? serial : default));

        async Task EachAsync<T>(List<string> ids, string table, Func<StoreSession, string, ValueTask<T?>> find) where T : class
        {
            Assert.Equal(20, ids.Count);
            foreach (var id in ids)
            {
                var kept = store.Kept!.Find<T>(table, id);
                Assert.NotNull(kept);
                Assert.Equal(Text(await store.ReadAsync(session => find(session, id), Cancelled)), Text(kept));
            }
        }
    }

    [Fact]
    public async Task View_IsTheOneOfTheDatabase()
    {
        await using var store = await OpenAsync();
        var filler = new StoreFiller(store, Cancelled);
        await filler.AddAccountAsync(Now);
        await filler.AddOrdersAsync(1, Now, TimeSpan.FromDays(1));
        var id = Assert.Single(await IdsAsync(store, "select id from orders"));

        Assert.Equal(Text(await store.ReadAsync(session => OrderStore.FindViewAsync(session, id, Now), Cancelled)), Text(await OrderStore.FindViewAsync(store, id, Now, Cancelled)));
        Assert.Null(await OrderStore.FindViewAsync(store, "none", Now, Cancelled));
    }

    [Fact]
    public async Task Row_ThatAStatementChangesWithoutAWord_IsReadAnew()
    {
        await using var store = await OpenAsync();
        var id = await AddAuthorizationAsync(store);
        Assert.NotNull(store.Kept!.Find<Authorization>(KeptRows.Authorizations, id));

        await store.WriteAsync(session => session.Sql("UPDATE Authorizations SET version = 7 WHERE id = @id").With("id", id).ExecuteAsync(), Cancelled);

        Assert.Null(store.Kept.Find<Authorization>(KeptRows.Authorizations, id));
        Assert.Equal(7, (await AuthorizationStore.FindAsync(store, id, Cancelled))!.Version);
    }

    [Fact]
    public async Task Row_ThatAStatementChangesAndReturns_IsReadAnew()
    {
        await using var store = await OpenAsync();
        var id = await AddAuthorizationAsync(store);

        var version = await store.WriteAsync(
            session => session.Sql("update authorizations set version = 8 where id = @id returning version").With("id", id).NumberAsync(), Cancelled);

        Assert.Equal(version, (await AuthorizationStore.FindAsync(store, id, Cancelled))!.Version);
    }

    [Fact]
    public async Task Row_ThatIsSwept_IsGone()
    {
        await using var store = await OpenAsync();
        var id = await AddAuthorizationAsync(store);

        Assert.Equal(1, await store.WriteAsync(session => AuthorizationStore.SweepAsync(session, Now.AddDays(2), 10), Cancelled));

        Assert.Null(await AuthorizationStore.FindAsync(store, id, Cancelled));
    }

    [Fact]
    public async Task Row_OfAWriteThatWasUndone_IsAsBefore()
    {
        await using var store = await OpenAsync();
        var id = await AddAuthorizationAsync(store);

        // Many at once: those that share a group with one that fails are undone with it, and run again.
        var writes = Enumerable.Range(0, 60).Select(i => store.WriteAsync(async session =>
        {
            await BumpAsync(session, id);
            if (i % 3 == 0) throw new FormatException();
            return i;
        }, Cancelled)).ToList();
        await Task.WhenAll(writes.Select(async write =>
        {
            try { await write; }
            catch (FormatException) { }
        }));

        Assert.Equal(41, (await AuthorizationStore.FindAsync(store, id, Cancelled))!.Version);
        Assert.Equal(41, (await store.ReadAsync(session => AuthorizationStore.FindAsync(session, id), Cancelled))!.Version);
    }

    [Fact]
    public async Task Row_WithinAWrite_IsWhatItWroteItself()
    {
        await using var store = await OpenAsync();
        var id = await AddAuthorizationAsync(store);

        await store.WriteAsync(async session =>
        {
            await BumpAsync(session, id);
            Assert.Equal(2, (await AuthorizationStore.FindAsync(session, id))!.Version);
            await session.Sql("update authorizations set version = version + 5 where id = @id").With("id", id).ExecuteAsync();
            Assert.Equal(7, (await AuthorizationStore.FindAsync(session, id))!.Version);
            await BumpAsync(session, id);
            Assert.Equal(8, (await AuthorizationStore.FindAsync(session, id))!.Version);
            Assert.Null(store.Kept);
            return 0;
        }, Cancelled);

        Assert.Equal(8, (await AuthorizationStore.FindAsync(store, id, Cancelled))!.Version);
    }

    [Fact]
    public async Task Row_WhileManyChangeIt_IsNeverOlderThanTheOwnAnswer()
    {
        await using var store = await OpenAsync();
        var id = await AddAuthorizationAsync(store);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                var mine = await store.WriteAsync(session => BumpAsync(session, id), Cancelled);
                Assert.InRange((await AuthorizationStore.FindAsync(store, id, Cancelled))!.Version, mine, long.MaxValue);
            }
        })));

        Assert.Equal(801, (await AuthorizationStore.FindAsync(store, id, Cancelled))!.Version);
    }

    [Fact]
    public async Task Rows_WhereOthersMayWrite_AreNotKept()
    {
        await using var store = await OpenAsync(replica: "");
        var id = await AddAuthorizationAsync(store);

        Assert.Null(store.Kept);
        Assert.Equal(1, (await AuthorizationStore.FindAsync(store, id, Cancelled))!.Version);
    }

    [Fact]
    public async Task Tables_AreChangedByStatementsAlone()
    {
        await using var store = await OpenAsync();
        var triggers = await store.ReadAsync(
            session => session.Sql("select sql from sqlite_master where type = 'trigger'").ListAsync(row => row.GetString(0)), Cancelled);
        var tables = await store.ReadAsync(
            session => session.Sql("select sql from sqlite_master where type = 'table' and name in ('authorizations', 'orders', 'certificates')").ListAsync(row => row.GetString(0)), Cancelled);

        Assert.NotEmpty(triggers);
        Assert.All(triggers, text => Assert.All(KeptRows.Tables, table => Assert.DoesNotContain(table, text, StringComparison.OrdinalIgnoreCase)));
        Assert.Equal(KeptRows.Tables.Count, tables.Count);
        Assert.All(tables, text => Assert.DoesNotContain(" on ", text, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Last_written_rows_are_kept_and_the_others_forgotten()
    {
        var rows = new KeptRows();
        for (var i = 0; i < 5000; i++)
        {
            rows.Committed([new LeftRow(KeptRows.Orders, $"{i}", $"{i}")]);
            Assert.Equal($"{i}", rows.Find<string>(KeptRows.Orders, $"{i}"));
            if (i >= 500) Assert.NotNull(rows.Find<string>(KeptRows.Orders, $"{i - 500}"));
            if (i >= 1100) Assert.Null(rows.Find<string>(KeptRows.Orders, $"{i - 1100}"));
        }
    }

    [Fact]
    public void Row_that_is_too_large_hides_the_one_before()
    {
        var rows = new KeptRows();
        rows.Committed([new LeftRow(KeptRows.Orders, "1", "small"), new LeftRow(KeptRows.Certificates, "1", "another table's")]);

        rows.Committed([new LeftRow(KeptRows.Orders, "1", null)]);

        Assert.Null(rows.Find<string>(KeptRows.Orders, "1"));
        Assert.Equal("another table's", rows.Find<string>(KeptRows.Certificates, "1"));
        Assert.False(KeptRows.IsKept(4097));
    }

    [Fact]
    public void Moment_is_over_with_a_commit_that_left_something()
    {
        var rows = new KeptRows();
        var moment = rows.Moment;
        rows.Committed([]);
        Assert.True(rows.IsStill(moment));

        rows.Committed([new LeftRow(KeptRows.Orders, null, null)]);

        Assert.False(rows.IsStill(moment));
        Assert.True(rows.IsStill(rows.Moment));
        Assert.False(rows.IsStill(rows.Moment - 1));
    }

    // Every member of a record, and of what it is made of.
    private static string Text(object? value) => value switch
    {
        null => "null",
        string or Identifier or SerialNumber => $"{value}",
        DateTimeOffset time => $"{time:O}",
        byte[] bytes => Convert.ToHexString(bytes),
        IEnumerable list => $"[{string.Join(',', list.Cast<object>().Select(Text))}]",
        _ when value.GetType().IsValueType => $"{value}",
        _ => string.Join('\n', value.GetType().GetProperties().Where(member => member.GetIndexParameters().Length == 0).Select(member => $"{member.Name}={Text(member.GetValue(value))}")),
    };

    private static async ValueTask<long> BumpAsync(StoreSession session, string id)
    {
        var old = (await AuthorizationStore.FindAsync(session, id))!;
        Assert.True(await AuthorizationStore.ReplaceAsync(session, old, old with { ReusableUntil = old.ReusableUntil.AddMilliseconds(1) }));
        return old.Version + 1;
    }

    private static async Task<string> AddAuthorizationAsync(IStore store)
    {
        var filler = new StoreFiller(store, Cancelled);
        await filler.AddAccountAsync(Now);
        await filler.AddOrdersAsync(1, Now, TimeSpan.FromDays(1));
        return Assert.Single(await IdsAsync(store, "select id from authorizations"));
    }

    private static async Task<List<string>> IdsAsync(IStore store, string query) =>
        await store.ReadAsync(session => session.Sql(query).ListAsync(row => row.GetString(0)), Cancelled);

    private Task<IStore> OpenAsync(string replica = "main") => StoreFactory.OpenAsync(
        new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "store.db"), Replica = replica }, TimeProvider.System, NullLoggerFactory.Instance, Cancelled);
}
