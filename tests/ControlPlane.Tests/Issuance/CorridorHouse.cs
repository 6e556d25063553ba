using System.Security.Cryptography;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Signing;
using GrpcCa.TestKit.Signing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Issuance;

/// <summary>
/// A corridor with a real SQLite store, real key files and a signer that notes every signature. The table
/// <c>issued_certificates</c> stands for what the asking rooms write.
/// </summary>
internal sealed class CorridorHouse : IAsyncDisposable
{
    private readonly KeyDirectory keys = new();
    private readonly SigningDesk desk;
    private readonly IStore sqlite;
    private string directory = "";

    private CorridorHouse(IStore sqlite)
    {
        this.sqlite = sqlite;
        Store = new FaultyStore(sqlite);
        Provider = new RecordingSignerProvider(keys.Provider, Signatures);
        desk = new SigningDesk([Provider]);
    }

    public Scene Scene { get; } = new();

    public FakeTimeProvider Time { get; } = new(Scene.Now);

    public SignatureLog Signatures { get; } = new();

    public FaultyStore Store { get; }

    public RecordingSignerProvider Provider { get; }

    public SigningDesk Desk => desk;

    public List<string> Failed { get; } = [];

    public static async Task<CorridorHouse> OpenAsync()
    {
        var made = Directory.CreateTempSubdirectory("grpcca-corridor-").FullName;
        var store = await StoreFactory.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Path.Combine(made, "store.db") }, TimeProvider.System,
            NullLoggerFactory.Instance, CancellationToken.None);
        var house = new CorridorHouse(store) { directory = made };
        foreach (var (label, key) in new[] { ("root", house.Scene.RootKey), ("issuer", house.Scene.IssuerKey), ("identity", house.Scene.IdentityKey) })
            await house.keys.Provider.ImportAsync(label, key.ExportPkcs8PrivateKey(), CancellationToken.None);
        await store.WriteAsync(async session => await session.Sql(
            "CREATE TABLE issued_certificates (serial TEXT NOT NULL PRIMARY KEY, purpose TEXT NOT NULL, der BLOB NOT NULL) STRICT").ExecuteAsync(),
            CancellationToken.None);
        return house;
    }

    public IssuanceCorridor Corridor(string replica = "a", FailPoints? failPoints = null, BuildTbs? build = null, IStore? store = null) =>
        new(store ?? Store, desk, new IssuanceOptions { ReplicaId = replica }, Time, failPoints ?? new FailPoints(), NullLogger<IssuanceCorridor>.Instance)
        {
            Build = build ?? TbsBuilder.Build,
        };

    public IssuanceContext Context(string purpose = "orders/1") => new()
    {
        Actor = "accounts/1",
        Purpose = purpose,
        OnIssued = async (session, issued) =>
        {
            await session.Sql("INSERT INTO issued_certificates (serial, purpose, der) VALUES (@serial, @purpose, @der)")
                .With("serial", issued.Serial.Hex).With("purpose", purpose).With("der", issued.Der).ExecuteAsync();
            return new AuditEvent(Time.GetUtcNow(), "certificate.issue", "accounts/1", $"certificates/{issued.Serial}", []);
        },
        OnFailed = _ =>
        {
            lock (Failed) Failed.Add(purpose);
            return ValueTask.CompletedTask;
        },
    };

    public static SigningPermit PermitFor(CertificateSpec spec) => new(spec.Kind, spec.Issuer.Key);

    public Task<IssuedCertificate> IssueAsync(CertificateSpec spec, string purpose = "orders/1") =>
        Corridor().IssueAsync(PermitFor(spec), spec, Context(purpose), CancellationToken.None);

    public async Task<List<Plan>> PlansAsync() => await sqlite.ReadAsync(session => session.Sql(
        "SELECT serial, outcome, tbs IS NULL, tbs_sha256, closed_at, kind, role, purpose, issuer, replica_id FROM issuance_plans ORDER BY created_at, serial LIMIT 10000")
        .ListAsync(row => new Plan(row.GetString(0), row.GetString(1), row.Truth(2), Convert.ToHexStringLower(row.Bytes(3)), !row.IsDBNull(4),
            row.GetString(5), row.GetString(6), row.GetString(7), row.GetString(8), row.GetString(9))), CancellationToken.None);

    public async Task<List<(string Serial, byte[] Der)>> CertificatesAsync() => await sqlite.ReadAsync(session => session.Sql(
        "SELECT serial, der FROM issued_certificates LIMIT 10000").ListAsync(row => (row.GetString(0), row.Bytes(1))), CancellationToken.None);

    public async Task<int> AuditedAsync() =>
        (await sqlite.ReadAsync(async session => await AuditLog.ListAsync(session, 10_000, null), CancellationToken.None)).Count;

    /// <summary>What must hold whatever happened: one outcome each, every signature planned, no certificate without plan and audit.</summary>
    public async Task CheckInvariantsAsync(bool mayBeOpen = false)
    {
        var plans = await PlansAsync();
        var certificates = await CertificatesAsync();
        Assert.All(Signatures.Notes, note => Assert.Contains(plans, plan => plan.TbsSha256 == note.TbsSha256));
        Assert.Equal(Signatures.Notes.Count, Signatures.Notes.Select(note => note.TbsSha256).Distinct().Count());
        Assert.Equal(plans.Where(plan => plan.Outcome == "issued").Select(plan => plan.Serial).Order(), certificates.Select(c => c.Serial).Order());
        Assert.Equal(certificates.Count, await AuditedAsync());
        Assert.All(plans, plan => Assert.Equal(plan.Outcome != "planned", plan.TbsIsGone && plan.IsClosed));
        if (!mayBeOpen) Assert.DoesNotContain(plans, plan => plan.Outcome == "planned");
        foreach (var (serial, der) in certificates)
            Assert.Equal(plans.Single(plan => plan.Serial == serial).TbsSha256, Convert.ToHexStringLower(SHA256.HashData(SignedCertificate.TakeApart(der).Tbs.Span)));
    }

    public async ValueTask DisposeAsync()
    {
        desk.Dispose();
        await sqlite.DisposeAsync();
        keys.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    internal sealed record Plan(
        string Serial, string Outcome, bool TbsIsGone, string TbsSha256, bool IsClosed, string Kind, string Role, string Purpose, string Issuer, string Replica);
}
