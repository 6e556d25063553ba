using System.Collections;
using System.Data.Common;
using System.Text.Json;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.TestKit;
using Microsoft.Data.Sqlite;
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

        // Not by the stores' own readers, which know what was written (ParsedDocuments).
        await AllAsync(KeptRows.Authorizations, "select document, version, id from authorizations", row =>
            JsonSerializer.Deserialize(row.GetString(0), AuthorizationDocuments.Default.Authorization)! with { Version = row.GetInt64(1) });
        await AllAsync(KeptRows.Orders, "select document, version, id, evidence, planned_serial, certificate_serial from orders", row =>
            JsonSerializer.Deserialize(row.GetString(0), OrderDocuments.Default.Order)! with
            {
                Version = row.GetInt64(1),
                Evidence = row.Bytes(3),
                PlannedSerial = row.OptionalText(4),
                CertificateSerial = row.OptionalText(5),
            });
        await AllAsync(KeptRows.Certificates, $"select {CertificateStore.Columns} from certificates", CertificateStore.Read);

        async Task AllAsync<T>(string table, string query, Func<DbDataReader, T> read) where T : class
        {
            var id = typeof(T) == typeof(CertificateRecord) ? 0 : 2;
            var rows = await store.ReadAsync(session => session.Sql(query).ListAsync(row => (Id: row.GetString(id), Value: read(row))), Cancelled);
            Assert.Equal(20, rows.Count);
            Assert.All(rows, row => Assert.Equal(Text(row.Value), Text(store.Kept!.Find<T>(table, row.Id))));
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

        Assert.Equal(Text(await store.ReadAsync(session => OrderStore.FindViewAsync(session, id, Now), Cancelled)), Text(OrderStore.FindView(store.Kept, id, Now)));
        Assert.Equal(Text(OrderStore.FindView(store.Kept, id, Now)), Text(await OrderStore.FindViewAsync(store, id, Now, Cancelled)));
        Assert.Null(await OrderStore.FindViewAsync(store, "none", Now, Cancelled));
    }

    [Fact]
    public async Task Row_ThatAnotherProgramChanged_IsReadAnewByWhoTriesAgain()
    {
        await using var store = await OpenAsync();
        var id = await AddAuthorizationAsync(store);
        await using (var other = new SqliteConnection($"Data Source={Path.Combine(directory.FullName, "store.db")};Pooling=False"))
        {
            await other.OpenAsync(Cancelled);
            await using var command = other.CreateCommand();
            command.CommandText = "update authorizations set version = 9";
            await command.ExecuteNonQueryAsync(Cancelled);
        }

        Assert.False(await store.WriteAsync(ReplaceAsync, Cancelled));
        Assert.True(await store.WriteAsync(ReplaceAsync, Cancelled));
        Assert.Equal(10, (await AuthorizationStore.FindAsync(store, id, Cancelled))!.Version);

        async ValueTask<bool> ReplaceAsync(StoreSession session)
        {
            var old = (await AuthorizationStore.FindAsync(session, id))!;
            return await AuthorizationStore.ReplaceAsync(session, old, old);
        }
    }

    [Fact]
    public async Task Rows_OfAStoreThatIsClosed_AreNotTold()
    {
        var store = await OpenAsync();
        var id = await AddAuthorizationAsync(store);
        await store.DisposeAsync();

        Assert.Null(store.Kept);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await AuthorizationStore.FindAsync(store, id, Cancelled));
    }

    [Fact]
    public async Task Find_ForACallerWhoIsGone_IsCancelled()
    {
        await using var store = await OpenAsync();
        var id = await AddAuthorizationAsync(store);
        var gone = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await AuthorizationStore.FindAsync(store, id, gone));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await OrderStore.FindViewAsync(store, "o", Now, gone));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await CertificateStore.FindAsync(store, SerialNumber.New(), gone));
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
        Assert.All(tables, text => Assert.DoesNotMatch(@"(?i)\bon\s+(delete|update)\b", text));
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
