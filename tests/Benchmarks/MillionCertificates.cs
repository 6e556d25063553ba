using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BenchmarkDotNet.Attributes;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.Benchmarks;

/// <summary>Listing, searching and the revocation list with a million certificates in the store, a tenth of them revoked.</summary>
[MemoryDiagnoser]
public class MillionCertificates
{
    private const int Many = 1_000_000;
    private const string Issuer = "authorities/main/issuers/one";
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Made once for all of them; it goes with the process.
    private static readonly Lazy<(IStore Store, CrlSpec List)> Prepared = new(() => PrepareAsync().GetAwaiter().GetResult());
    private readonly CertificateOrder newest = new(ByExpiry: false, Descending: true);
    private IStore store = null!;
    private CrlSpec list = null!;

    [GlobalSetup]
    public void Prepare() => (store, list) = Prepared.Value;

    [Benchmark]
    public int FirstPage() => Page([]);

    [Benchmark]
    public int PageInTheMiddle() => Page([], new CertificatePosition(Start.AddSeconds(Many / 2).ToUnixTimeMilliseconds(), ""));

    [Benchmark]
    public int ByName() => Page([new(CertificateField.Identifier, "dns:h765432.net.gq")]);

    [Benchmark]
    public int ByAccount() => Page([new(CertificateField.Account, "account-77")]);

    [Benchmark]
    public int ByKey() => Page([new(CertificateField.Key, new byte[32])]);

    [Benchmark]
    public int Expiring() => Page([new(CertificateField.Expires, Start.AddDays(90).AddSeconds(500).ToUnixTimeMilliseconds(), Comparison.Less)], order: new(ByExpiry: true, Descending: false));

    [Benchmark]
    public int ReadRevoked() => store.ReadAsync(session => RevokedStore.ListAsync(session, Issuer, Start), CancellationToken.None).AsTask().GetAwaiter().GetResult().Count;

    [Benchmark]
    public int BuildListOfAMillion() => CrlBuilder.Build(list, KeyAlgorithm.EcP256).Length;

    private int Page(ImmutableArray<CertificateCondition> conditions, CertificatePosition? after = null, CertificateOrder? order = null) =>
        store.ReadAsync(session => CertificateListStore.ListAsync(session, new CertificateQuery(conditions, order ?? newest, after, 100)), CancellationToken.None)
            .AsTask().GetAwaiter().GetResult().Rows.Count;

    private static async Task<(IStore Store, CrlSpec List)> PrepareAsync()
    {
        var directory = Directory.CreateTempSubdirectory("grpcca-million-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => directory.Delete(recursive: true);
        var store = await StoreFactory.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "store.db") }, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        const int batch = 50_000;
        for (var from = 0; from < Many; from += batch) await InsertAsync(store, from, from + batch);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var asked = new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256);
        asked.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(asked.PublicKey, critical: false));
        using var certificate = asked.CreateSelfSigned(Start, Start.AddYears(1));
        var revoked = await store.ReadAsync(session => RevokedStore.ListAsync(session, Issuer, Start), CancellationToken.None);
        // A tenth is revoked in the store; the list is built as if all were.
        return (store, new CrlSpec(new IssuerKey(Issuer, KeyUri.Parse("file:bench"), certificate.RawData), 7, Start, Start.AddDays(1), [.. Enumerable.Range(0, 10).SelectMany(_ => revoked)]));
    }

    private static Task<int> InsertAsync(IStore store, int from, int to) => store.WriteAsync(async session =>
    {
        await session.Sql("""
            with recursive numbers(n) as (select @from union all select n + 1 from numbers where n < @to - 1)
            insert into certificates (serial, der, issuer, provisioner_id, account_id, profile_id, gateway_id, identifiers, key_type, key_sha256, not_before, not_after, created_at, revoked_at, revocation_reason)
            select 'c0' || printf('%030x', n), zeroblob(700), @issuer, 'acme', 'account-' || (n % 1000), 'default', 'edge', 'dns:h' || n || '.net.gq', 'EC_P256', randomblob(32),
                   @start + n * 1000, @start + n * 1000 + 7776000000, @start + n * 1000, case when n % 10 = 0 then @start + n * 1000 end, case when n % 10 = 0 then 4 end
            from numbers
            """).With("@from", from).With("@to", to).With("@issuer", Issuer).With("@start", Start).ExecuteAsync();
        return await session.Sql("""
            with recursive numbers(n) as (select @from union all select n + 1 from numbers where n < @to - 1)
            insert into certificate_names (identifier, serial) select 'dns:h' || n || '.net.gq', 'c0' || printf('%030x', n) from numbers
            """).With("@from", from).With("@to", to).ExecuteAsync();
    }, CancellationToken.None);
}
