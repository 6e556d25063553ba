using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Issuance;
using GrpcCa.ControlPlane.Tests.Storage;
using GrpcCa.ControlPlane.Webhooks;
using GrpcCa.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Certificates;

/// <summary>What ended long ago leaves the store for the archive; nothing leaves that is not on the disk, and nothing that is needed.</summary>
public abstract class ArchiveContract : IAsyncLifetime
{
    private const string Issuer = "authorities/main/issuers/1";
    private static readonly DateTimeOffset Now = new(2027, 6, 15, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan After = TimeSpan.FromDays(30);
    private static readonly byte[] NewOrder = Encoding.UTF8.GetBytes("""{"payload":"new order"}"""), Finalize = Encoding.UTF8.GetBytes("""{"payload":"finalize"}""");

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-archive-");
    private readonly byte[] der = NewCertificate();
    private int made;

    private protected IStore Store { get; private set; } = null!;

    private string Archive => Path.Combine(directory.FullName, "archive");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private protected abstract Task<StoreOptions> NewDataAsync(DirectoryInfo directory);

    public async ValueTask InitializeAsync() =>
        Store = await StoreFactory.OpenAsync(await NewDataAsync(directory), TimeProvider.System, NullLoggerFactory.Instance, Stop);

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task EndedLongAgo_GoesIntoTheArchive_AndTheRestStays()
    {
        var plain = await AddAsync(Now.AddDays(-31));
        var older = await AddAsync(Now.AddDays(-70));
        var revoked = await AddAsync(Now.AddDays(-40), revoked: Now.AddDays(-50));
        var recent = await AddAsync(Now.AddDays(-29));
        var live = await AddAsync(Now.AddDays(10));
        var taken = await AddAsync(Now.AddDays(10), revoked: Now.AddDays(-1));
        await ScheduleListAsync(Now.AddDays(-39));

        Assert.Equal(3, await SweepAsync(NewSweep()));

        Assert.Equal(Sorted(recent, live, taken), await SerialsAsync());
        Assert.Equal(["certificates-2027-04.main.jsonl", "certificates-2027-05.main.jsonl"], Directory.GetFiles(Archive).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Archive));
        Assert.All(Directory.GetFiles(Archive), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        var lines = Lines();
        Assert.Equal(Sorted(plain, older, revoked), lines.Select(Serial).Order(StringComparer.Ordinal));
        var line = lines.Single(l => Serial(l) == revoked.Hex);
        Assert.Equal("Superseded", line.GetProperty("revocationReason").GetString());
        Assert.Equal("2027-04-26T12:00:00Z", line.GetProperty("revokedAt").GetString());
        Assert.Equal("2027-05-06T12:00:00Z", line.GetProperty("notAfter").GetString());
        Assert.Equal("dns:nas.test", line.GetProperty("identifiers")[0].GetString());
        Assert.Equal("a1", line.GetProperty("account").GetString());
        Assert.Equal(NewOrder, line.GetProperty("newOrderEvidence").GetBytesFromBase64());
        Assert.Equal(Finalize, line.GetProperty("finalizeEvidence").GetBytesFromBase64());
        using var certificate = X509Certificate2.CreateFromPem(line.GetProperty("certificate").GetString());
        Assert.Equal(der, certificate.RawData);
        Assert.Equal(new Departures(Now.AddDays(-31), 3, 0), await Store.ReadAsync(EndedStore.DeparturesAsync, Stop));
        Assert.Equal(3, await CountAsync("certificate_names"));
    }

    [Fact]
    public async Task RevokedAndEnded_BeforeAListThatWasDueHasHadIt_Stays()
    {
        var revoked = await AddAsync(Now.AddDays(-40), revoked: Now.AddDays(-41));
        Assert.Equal(0, await SweepAsync(NewSweep()));
        await ScheduleListAsync(Now.AddDays(-40));
        Assert.Equal(0, await SweepAsync(NewSweep()));
        Assert.Equal(Sorted(revoked), await SerialsAsync());

        await ScheduleListAsync(Now.AddDays(-40).AddSeconds(1));

        Assert.Equal(1, await SweepAsync(NewSweep()));
        Assert.Equal(revoked.Hex, Serial(Assert.Single(Lines())));
    }

    [Fact]
    public async Task WithoutAnArchive_EndedGoForGood_AndRevokedStay()
    {
        await AddAsync(Now.AddDays(-31));
        var revoked = await AddAsync(Now.AddDays(-40), revoked: Now.AddDays(-50));
        await ScheduleListAsync(Now);

        Assert.Equal(1, await SweepAsync(NewSweep(archived: false)));

        Assert.Equal(Sorted(revoked), await SerialsAsync());
        Assert.False(Directory.Exists(Archive));
        Assert.Equal(new Departures(Now.AddDays(-31), 0, 1), await Store.ReadAsync(EndedStore.DeparturesAsync, Stop));
    }

    [Fact]
    public async Task ACrashBetweenFileAndStore_ArchivesAgain_AndLosesNothing()
    {
        SerialNumber[] ended = [await AddAsync(Now.AddDays(-31)), await AddAsync(Now.AddDays(-32))];
        var faulty = new FaultyStore(Store) { Plan = write => write == 0 ? WriteFault.Before : null };
        await Assert.ThrowsAsync<IOException>(() => NewSweep().RunAsync(faulty, Now, 100, Stop));
        Assert.Equal(Sorted(ended), await SerialsAsync());
        Assert.Equal(Sorted(ended), Lines().Select(Serial).Order(StringComparer.Ordinal));

        Assert.Equal(2, await SweepAsync(NewSweep()));

        Assert.Empty(await SerialsAsync());
        Assert.Equal(Sorted([.. ended, .. ended]), Lines().Select(Serial).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AFullDisk_KeepsTheRows_AndEverythingElseIsSwept()
    {
        var ended = await AddAsync(Now.AddDays(-31));
        Directory.CreateDirectory(Archive, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var file = Path.Combine(Archive, "certificates-2027-05.main.jsonl");
        File.CreateSymbolicLink(file, "/dev/full");
        var sweep = NewSweep();
        var others = 0;
        using var sweeper = new Sweeper(Store, new StoreOptions(), [
            new SweepTask("ended certificates", TimeSpan.FromHours(1), sweep.RunAsync),
            new SweepTask("others", TimeSpan.FromHours(1), (_, _, _) => ValueTask.FromResult(Interlocked.Increment(ref others) * 0)),
        ], new FakeTimeProvider(Now), NullLogger<Sweeper>.Instance);

        var fault = await Assert.ThrowsAsync<IOException>(() => sweep.RunAsync(Store, Now, 100, Stop));
        Assert.Contains("No space left", fault.Message, StringComparison.Ordinal);
        await sweeper.StartAsync(Stop);
        for (var tries = 0; Volatile.Read(ref others) == 0; tries++)
        {
            Assert.True(tries < 600, "another sweep had no turn");
            await Task.Delay(50, Stop);
        }
        await sweeper.StopAsync(Stop);
        Assert.Equal(Sorted(ended), await SerialsAsync());
        Assert.Null((await Store.ReadAsync(EndedStore.DeparturesAsync, Stop)).EndedUntil);

        File.Delete(file);
        Assert.Equal(1, await SweepAsync(sweep));
        Assert.Equal(ended.Hex, Serial(Assert.Single(Lines())));
    }

    [Fact]
    public async Task ALineThatWasCutOff_IsTakenAway_BeforeTheNext()
    {
        var first = await AddAsync(Now.AddDays(-32));
        await SweepAsync(NewSweep());
        var file = Assert.Single(Directory.GetFiles(Archive));
        await File.AppendAllTextAsync(file, """{"serial":"77","identi""", Stop);
        var second = await AddAsync(Now.AddDays(-31));

        await SweepAsync(NewSweep());

        Assert.Equal([first.Hex, second.Hex], Lines().Select(Serial));
    }

    [Fact]
    public async Task ALineWithABlockedKey_StaysAsLongAsSomebodyComesFromIt()
    {
        var first = await AddAsync(Now.AddDays(-60), revoked: Now.AddDays(-61));
        var second = await AddAsync(Now.AddDays(-50), renews: first);
        var third = await AddAsync(Now.AddDays(5), renews: second);
        var unblocked = await AddAsync(Now.AddDays(-50));
        await AddAsync(Now.AddDays(5), renews: unblocked);
        await ScheduleListAsync(Now);
        await Store.WriteAsync(session => CertificateStore.BlockKeyAsync(session, KeyOf(first), first, Now), Stop);

        Assert.Equal(1, await SweepAsync(NewSweep()));

        Assert.Equal(unblocked.Hex, Serial(Assert.Single(Lines())));
        Assert.True(await Store.ReadAsync(session => CertificateStore.HasBlockedAncestorAsync(session, third), Stop));
    }

    [Fact]
    public async Task ExpiringCertificates_AreRead()
    {
        await AddAsync(Now.AddDays(1), revoked: Now);
        var row = Assert.Single(await Store.ReadAsync(session => ExpiryStore.ListAsync(session, "w", new(Now, ""), Now.AddDays(2), 10), Stop));
        Assert.Equal((true, false), (row.IsOver, row.IsTold));
    }

    [Fact]
    public async Task OneThatChangedMeanwhile_Stays()
    {
        var serial = await AddAsync(Now.AddDays(-31), revoked: Now.AddDays(-33));
        await ScheduleListAsync(Now);
        var read = await Store.ReadAsync(session => EndedStore.ListAsync(session, Now, new(long.MinValue, ""), 10), Stop);
        await Store.WriteAsync(session => CertificateStore.ChangeReasonAsync(session, serial, RevocationReason.KeyCompromise), Stop);

        Assert.Equal(0, await Store.WriteAsync(session => EndedStore.RemoveAsync(session, read, archived: true), Stop));
        Assert.Equal(Sorted(serial), await SerialsAsync());
    }

    [Fact]
    public async Task ThoseThatStay_DoNotHideThoseBehindThem_AndTwoReplicasLoseNothing()
    {
        var held = new List<SerialNumber>();
        var leaving = new List<SerialNumber>();
        for (var i = 0; i < 25; i++) held.Add(await AddAsync(Now.AddDays(-90), revoked: Now.AddDays(-91)));
        for (var i = 0; i < 25; i++) leaving.Add(await AddAsync(Now.AddDays(-80).AddHours(i)));

        var removed = await Task.WhenAll(SweepAsync(NewSweep(), batch: 10), SweepAsync(NewSweep(replica: "other/2"), batch: 10));

        Assert.Equal(25, removed.Sum());
        Assert.Equal(Sorted([.. held]), await SerialsAsync());
        Assert.Equal(Sorted([.. leaving]), Lines().Select(Serial).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(25, (await Store.ReadAsync(EndedStore.DeparturesAsync, Stop)).Archived);
    }

    private EndedSweep NewSweep(bool archived = true, string replica = "main")
    {
        var options = new ArchiveOptions { Directory = archived ? Archive : null, After = After };
        return new EndedSweep(options, new CertificateArchive(options, replica));
    }

    private async Task<int> SweepAsync(EndedSweep sweep, int batch = 100)
    {
        var removed = 0;
        for (var round = 0; round < 100; round++)
        {
            var done = await sweep.RunAsync(Store, Now, batch, Stop);
            removed += done.Deleted;
            if (!done.More) return removed;
        }
        throw new InvalidOperationException("a sweep does not end");
    }

    private async Task<SerialNumber> AddAsync(DateTimeOffset notAfter, DateTimeOffset? revoked = null, SerialNumber? renews = null)
    {
        var serial = SerialNumber.New();
        await Store.WriteAsync(async session =>
        {
            await CertificateStore.InsertAsync(session, new CertificateRecord
            {
                Serial = serial,
                Der = der,
                Issuer = Issuer,
                ProvisionerId = "acme",
                AccountId = "a1",
                OrderId = $"o{made++}",
                Identifiers = [Identifier.ParseDns("nas.test")],
                KeyType = "EC_P256",
                KeySha256 = KeyOf(serial),
                NotBefore = notAfter.AddDays(-1),
                NotAfter = notAfter,
                CreatedAt = notAfter.AddDays(-1),
                Renews = renews,
            }, new CertificateEvidence(NewOrder, Finalize));
            return revoked is { } at ? await CertificateStore.RevokeAsync(session, serial, RevocationReason.Superseded, at) : 0;
        }, Stop);
        return serial;
    }

    private static byte[] KeyOf(SerialNumber serial) => [.. serial.Bytes.Span, .. new byte[16]];

    private Task<int> ScheduleListAsync(DateTimeOffset thisUpdate) => StoreFiller.PublishListAsync(Store, Issuer, thisUpdate);

    private async Task<string[]> SerialsAsync() =>
        [.. (await Store.ReadAsync(session => session.Sql("select serial from certificates").ListAsync(row => row.GetString(0)), Stop)).Order(StringComparer.Ordinal)];

    private async Task<long> CountAsync(string table) => await Store.ReadAsync(session => session.Sql($"select count(*) from {table}").NumberAsync(), Stop);

    // Every line is whole.
    private List<JsonElement> Lines() => [.. Directory.GetFiles(Archive, "*.jsonl").Order(StringComparer.Ordinal).SelectMany(File.ReadAllLines).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Serial(JsonElement line) => line.GetProperty("serial").GetString()!;

    private static IEnumerable<string> Sorted(params SerialNumber[] serials) => serials.Select(s => s.Hex).Order(StringComparer.Ordinal);

    private static byte[] NewCertificate()
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=nas.test", key, System.Security.Cryptography.HashAlgorithmName.SHA256).CreateSelfSigned(Now, Now.AddDays(1));
        return certificate.RawData;
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteArchiveTests : ArchiveContract
{
    private protected override Task<StoreOptions> NewDataAsync(DirectoryInfo directory) =>
        Task.FromResult(new StoreOptions { Path = Path.Combine(directory.FullName, "store.db"), ReserveMib = 0 });
}

/// <summary>On PostgreSQL.</summary>
[Collection(PostgresGroup.Name)]
public sealed class PostgresArchiveTests(PostgresFixture postgres) : ArchiveContract
{
    private protected override async Task<StoreOptions> NewDataAsync(DirectoryInfo directory) =>
        new() { Provider = StoreProvider.Postgresql, ConnectionFile = await postgres.Server.CreateDatabaseAsync() };
}
