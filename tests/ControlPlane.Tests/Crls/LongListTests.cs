using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Crls;

/// <summary>A list with very many entries is made in seconds, and in little more memory than its bytes.</summary>
[Trait("Long", "true")]
public sealed class LongListTests : IAsyncLifetime
{
    private const int Many = 100_000;
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-long-");
    private IStore store = null!;
    private CrlRig rig = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await StoreFactory.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "store.db") }, TimeProvider.System, NullLoggerFactory.Instance, Stop);
        rig = new CrlRig(store);
        await rig.PrepareAsync();
        await InsertAsync(store, rig.Issuer.Name, Many, rig.Time.GetUtcNow());
    }

    /// <summary>Revoked certificates by the thousands, in one statement of SQLite's.</summary>
    internal static Task<int> InsertAsync(IStore store, string issuer, int many, DateTimeOffset now) => store.WriteAsync(session => session.Sql("""
        with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < @many)
        insert into certificates (serial, der, issuer, identifiers, key_type, key_sha256, not_before, not_after, created_at, revoked_at, revocation_reason)
        select 'c0' || lower(hex(randomblob(15))), zeroblob(700), @issuer, '', 'EC_P256', zeroblob(32), @now, @end, @now, @now + n, n % 6 from numbers
        """).With("many", many).With("issuer", issuer).With("now", now).With("end", now.AddDays(90)).ExecuteAsync(), Stop);

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        await store.DisposeAsync();
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task List_OfAHundredThousand_IsMadeInSeconds()
    {
        var began = TimeProvider.System.GetTimestamp();
        await rig.SignAsync();
        var took = TimeProvider.System.GetElapsedTime(began);

        var state = await rig.StateAsync();
        var stored = await rig.Store.ReadAsync(session => CrlStore.FindAsync(session, rig.Issuer.Name, state.PublishedNumber), Stop);
        Assert.Equal(Many, stored!.Entries);
        Assert.InRange(stored.Der.Length, 30 * Many, 60 * Many);
        TestContext.Current.TestOutputHelper?.WriteLine($"{stored.Der.Length} bytes in {took.TotalMilliseconds:F0} ms");
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Entries_AreReadFromTheIndexAlone()
    {
        var plan = await rig.Store.ReadAsync(session => session.Sql("""
            explain query plan select serial, revoked_at, revocation_reason, invalid_since from certificates
            where issuer = @issuer and revoked_at is not null and not_after >= @from
              and (revoked_at > @time or (revoked_at = @time and serial > @serial))
            order by revoked_at, serial limit @limit
            """).With("issuer", "i").With("from", 0).With("time", 0).With("serial", "").With("limit", 1).ListAsync(row => row.GetString(3)), Stop);

        Assert.Contains(plan, line => line.Contains("USING COVERING INDEX certificates_revoked", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }
}
