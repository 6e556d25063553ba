using GrpcCa.ControlPlane.Api.Filters;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Certificates;

/// <summary>Every filter in every order finds what it should, page by page, and reads no more of the store than it may.</summary>
public abstract class CertificateListContract : IAsyncLifetime
{
    // More than are ordered in memory, and more than are looked at in one call.
    private const int Many = 25_000;
    private const int PageRows = 1000;

    protected static readonly string RareKey = new('a', 64);

    private static readonly DateTimeOffset Now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Orders = ["", "create_time", "expire_time", "expire_time desc"];

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-lists-");

    private protected IStore Store { get; private set; } = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Filters of every field, and who should be found; a null finds nothing to compare with but walks.</summary>
    private static readonly (string Filter, Func<CertificateRecord, bool> Wanted)[] Filters =
    [
        ("", _ => true),
        ("identifier = \"dns:h7.test\"", c => c.Identifiers.Any(i => i.Value == "h7.test")),
        ("identifier = \"dns:all.test\" AND provisioner = \"provisioners/rare\"", c => c.ProvisionerId == "rare"),
        ("serial = 10000000000000000000000000107919", c => c.Serial.Hex == "10000000000000000000000000107919"),
        ("account = \"accounts/a7\"", c => c.AccountId == "a7"),
        ("account = \"accounts/big\"", c => c.AccountId == "big"),
        ("account = \"accounts/big\" AND identifier = \"dns:h8.test\"", c => c.AccountId == "big" && c.Identifiers.Any(i => i.Value == "h8.test")),
        ("order = \"orders/o5\"", c => c.OrderId == "o5"),
        ("provisioner = \"provisioners/rare\"", c => c.ProvisionerId == "rare"),
        ("provisioner = \"provisioners/acme\"", c => c.ProvisionerId == "acme"),
        ("gateway = \"gateways/two\" AND profile = \"profiles/short\"", c => c.GatewayId == "two" && c.ProfileId == "short"),
        ("authority = \"authorities/old\"", c => c.Issuer == "authorities/old/issuers/1"),
        ("issuer = \"authorities/main/issuers/1\" AND state = REVOKED", c => c.Issuer == "authorities/main/issuers/1" && c.RevokedAt is not null),
        ($"public_key_sha256 = {new string('a', 64)}", c => Convert.ToHexStringLower(c.KeySha256) == RareKey),
        ("state = VALID", c => c.RevokedAt is null && c.NotAfter >= Now),
        ("state = VALID AND expire_time < \"2027-01-08T00:00:00Z\"", c => c.RevokedAt is null && c.NotAfter >= Now && c.NotAfter < Now.AddDays(7)),
        ("state = EXPIRED", c => c.RevokedAt is null && c.NotAfter < Now),
        ("state = REVOKED", c => c.RevokedAt is not null),
        ("revoke_time >= \"2026-12-31T23:50:00Z\"", c => c.RevokedAt >= Now.AddMinutes(-10)),
        ("create_time > \"2026-12-31T23:00:00Z\" AND create_time <= \"2026-12-31T23:30:00Z\"", c => c.CreatedAt > Now.AddHours(-1) && c.CreatedAt <= Now.AddMinutes(-30)),
        ("expire_time >= \"2028-01-01T00:00:00Z\"", c => c.NotAfter >= Now.AddYears(1)),
    ];

    private protected abstract Task<StoreOptions> NewDataAsync(DirectoryInfo directory);

    public async ValueTask InitializeAsync()
    {
        Store = await StoreFactory.OpenAsync(await NewDataAsync(directory), TimeProvider.System, NullLoggerFactory.Instance, Stop);
        await Store.WriteAsync(async session =>
        {
            await session.Sql("""
                with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < @many)
                insert into certificates (serial, der, issuer, provisioner_id, account_id, order_id, profile_id, gateway_id, identifiers, key_type, key_sha256,
                                          not_before, not_after, created_at, revoked_at, revocation_reason)
                select '10000000000000000000000000' || cast(100000 + (n * 7919) % 100000 as text), @der,
                       case when n % 4000 = 0 then 'authorities/old/issuers/1' else 'authorities/main/issuers/1' end,
                       case when n % 3000 = 0 then 'rare' else 'acme' end,
                       case when n % 2 = 0 then 'big' else 'a' || cast(n % 1000 as text) end,
                       'o' || cast(n as text),
                       case when n % 7 = 0 then 'short' else 'server' end,
                       case when n % 700 = 0 then 'two' else 'one' end,
                       'dns:h' || cast(n % 2500 as text) || '.test', 'EC_P256',
                       case when n % 6000 = 0 then @rare else @common end,
                       @now, @now + ((n * 37) % 25000 - 5000) * @hour, @now - n * @second,
                       case when n % 1000 = 0 then @now - n * @second / 100 end, case when n % 1000 = 0 then 1 end
                from numbers
                """).With("many", Many).With("der", [0x30, 0x00]).With("rare", Convert.FromHexString(RareKey)).With("common", new byte[32])
                .With("now", Now).With("hour", 3_600_000).With("second", 1000).ExecuteAsync();
            await session.Sql("insert into certificate_names (identifier, serial) select identifiers, serial from certificates").ExecuteAsync();
            return await session.Sql("insert into certificate_names (identifier, serial) select 'dns:all.test', serial from certificates").ExecuteAsync();
        }, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        directory.Delete(recursive: true);
    }

    [Fact]
    [Trait("Long", "true")]
    public async Task EveryFilter_InEveryOrder_FindsWhatItShould()
    {
        var all = await WalkAsync(Query("", ""));
        Assert.Equal(Many, all.Count);
        foreach (var (filter, wanted) in Filters)
        {
            var expected = all.Where(wanted).ToList();
            if (filter.Length > 0) Assert.InRange(expected.Count, 1, Many - 1);
            foreach (var order in Orders)
            {
                var found = await WalkAsync(Query(filter, order));

                var byTime = expected.OrderBy(c => order.StartsWith("expire", StringComparison.Ordinal) ? c.NotAfter : c.CreatedAt).ThenBy(c => c.Serial.Hex, StringComparer.Ordinal).Select(c => c.Serial.Hex).ToList();
                if (order is "" or "expire_time desc") byTime.Reverse();
                Assert.True(byTime.SequenceEqual(found.Select(c => c.Serial.Hex)), $"'{filter}' by '{order}': {found.Count} of {byTime.Count}");
            }
        }
    }

    private protected static IEnumerable<CertificateQuery> Queries() => Filters.SelectMany(f => Orders.Select(o => Query(f.Filter, o)));

    private static CertificateQuery Query(string filter, string order) => new(CertificateFilter.Read(filter, Now), CertificateFilter.ReadOrder(order), null, PageRows + 1);

    private async Task<List<CertificateRecord>> WalkAsync(CertificateQuery query)
    {
        var all = new List<CertificateRecord>();
        for (var calls = 0; calls <= Many / PageRows + 2; calls++)
        {
            var page = await Store.ReadAsync(session => CertificateListStore.ListAsync(session, query), Stop);
            var rows = page.Rows.Take(PageRows).ToList();
            all.AddRange(rows);
            CertificatePosition? next = page.Rows.Count > PageRows ? query.Order.PositionOf(rows[^1]) : page.ReadTo;
            if (next is null) return all;
            query = query with { After = next };
        }
        throw new InvalidOperationException("a list does not end");
    }
}

/// <summary>On SQLite, which also tells how it looks.</summary>
public sealed class SqliteCertificateListTests : CertificateListContract
{
    private protected override Task<StoreOptions> NewDataAsync(DirectoryInfo directory) =>
        Task.FromResult(new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "store.db") });

    [Fact]
    public async Task NoFilter_ScansOrSortsTheTable()
    {
        foreach (var first in Queries())
        {
            foreach (var query in new[] { first, first with { After = new CertificatePosition(1, "1") } })
            {
                var statement = new CertificateListStore.ListStatement(query);
                var orders = query.Order.ByExpiry ? "certificates_by_expiry" : "certificates_by_time";
                foreach (var source in statement.Sources())
                {
                    var plan = await PlanAsync(statement, source.Serials);
                    Assert.True(plan.TrueForAll(l => l.StartsWith("SEARCH", StringComparison.Ordinal) || l.Contains("USING COVERING INDEX certificates_revoked", StringComparison.Ordinal)), Text(source.Serials, plan));
                    plan = await PlanAsync(statement, source.Rows);
                    // An account's index is in the order already, but for rows of one moment.
                    var ofAccount = plan[0].Contains("SEARCH certificates USING INDEX certificates_by_account (account_id=?", StringComparison.Ordinal)
                        && plan.TrueForAll(l => !l.Contains("TEMP B-TREE FOR ORDER BY", StringComparison.Ordinal));
                    Assert.True(ofAccount || plan.Exists(l => l.Contains("SEARCH certificates USING INDEX sqlite_autoindex_certificates_1 (serial=?", StringComparison.Ordinal)), Text(source.Rows, plan));
                    Assert.Equal(ofAccount, !query.Order.ByExpiry && source.Serials.Contains("account_id", StringComparison.Ordinal));
                }
                foreach (var text in new[] { statement.Along(new CertificatePosition(1, "1")), statement.Along(null), statement.ReadTo })
                {
                    var plan = await PlanAsync(statement, text);
                    Assert.True(plan[0].Contains($"INDEX {orders}", StringComparison.Ordinal), Text(text, plan));
                    Assert.True(plan.TrueForAll(l => !l.Contains("TEMP B-TREE", StringComparison.Ordinal)), Text(text, plan));
                }
            }
        }
    }

    private Task<List<string>> PlanAsync(CertificateListStore.ListStatement statement, string text) =>
        Store.ReadAsync(session => statement.Bind(session.Sql("explain query plan " + text), text).ListAsync(row => row.GetString(3)), TestContext.Current.CancellationToken).AsTask();

    private static string Text(string sql, List<string> plan) => sql + "\n" + string.Join('\n', plan);
}

/// <summary>On PostgreSQL.</summary>
[Collection(PostgresGroup.Name)]
public sealed class PostgresCertificateListTests(PostgresFixture postgres) : CertificateListContract
{
    private protected override async Task<StoreOptions> NewDataAsync(DirectoryInfo directory) =>
        new() { Provider = StoreProvider.Postgresql, ConnectionFile = await postgres.Server.CreateDatabaseAsync() };
}
