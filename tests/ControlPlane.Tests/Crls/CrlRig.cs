using System.Collections.Immutable;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Issuance;
using GrpcCa.ControlPlane.Tests.Signing;
using GrpcCa.TestKit.Signing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Crls;

/// <summary>An issuer with a real key on a real store, its certificates as rows, and signers that stand for processes.</summary>
internal sealed class CrlRig : IAsyncDisposable
{
    private readonly KeyDirectory keys = new();
    private readonly SigningDesk desk;

    public CrlRig(IStore store)
    {
        Store = new FaultyStore(store);
        Provider = new RecordingSignerProvider(keys.Provider, Signatures);
        desk = new SigningDesk([Provider]);
        Issuer = new CrlIssuer("1", Scene.Issuer.Name, Scene.IssuerDer, Scene.IssuerUri, IsRoot: false, Scene.Now.AddYears(9), Url: null, Problem: null);
    }

    public Scene Scene { get; } = new();

    public FakeTimeProvider Time { get; } = new(Scene.Now);

    public SignatureLog Signatures { get; } = new();

    public RecordingSignerProvider Provider { get; }

    public FaultyStore Store { get; }

    public CrlIssuer Issuer { get; }

    public CrlOptions Options { get; } = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async Task PrepareAsync()
    {
        await keys.Provider.ImportAsync("issuer", Scene.IssuerKey.ExportPkcs8PrivateKey(), Stop);
        await keys.Provider.ImportAsync("root", Scene.RootKey.ExportPkcs8PrivateKey(), Stop);
    }

    public CrlSigner Signer(FailPoints? failPoints = null, BuildCrl? build = null, string replica = "a") =>
        new(Store, desk, Options, new IssuanceOptions { ReplicaId = replica }, Time, failPoints ?? new FailPoints(), NullLogger<CrlSigner>.Instance) { Build = build ?? CrlBuilder.Build };

    public async Task<long> SignAsync()
    {
        using var signer = Signer();
        return await signer.SignAsync(Issuer, "system", Stop);
    }

    /// <summary>A certificate of the issuer.</summary>
    public async Task<SerialNumber> IssueAsync(DateTimeOffset? notAfter = null)
    {
        var serial = SerialNumber.New();
        await Store.WriteAsync(async session =>
        {
            await CertificateStore.InsertAsync(session, new CertificateRecord
            {
                Serial = serial,
                Der = [0x30, 0x00],
                Issuer = Issuer.Name,
                Identifiers = ImmutableArray<Identifier>.Empty,
                KeyType = "EC_P256",
                KeySha256 = new byte[32],
                NotBefore = Time.GetUtcNow(),
                NotAfter = notAfter ?? Time.GetUtcNow().AddDays(90),
                CreatedAt = Time.GetUtcNow(),
            }, new CertificateEvidence(null, null));
            return 0;
        }, Stop);
        return serial;
    }

    public Task<int> RevokeAsync(SerialNumber serial, RevocationReason reason = RevocationReason.Unspecified) =>
        Store.WriteAsync(session => CertificateStore.RevokeAsync(session, serial, reason, Time.GetUtcNow()), Stop);

    public async Task<SerialNumber> RevokedAsync(RevocationReason reason = RevocationReason.Unspecified, DateTimeOffset? notAfter = null)
    {
        var serial = await IssueAsync(notAfter);
        Assert.Equal(1, await RevokeAsync(serial, reason));
        return serial;
    }

    public async Task<CrlState> StateAsync() => (await Store.ReadAsync(session => CrlStore.FindStateAsync(session, Issuer.Name), Stop))!;

    public async Task<ReadCrl> PublishedAsync()
    {
        var number = (await StateAsync()).PublishedNumber;
        var crl = await Store.ReadAsync(session => CrlStore.FindAsync(session, Issuer.Name, number), Stop);
        return ReadCrl.Of(crl!.Der);
    }

    public async Task<List<(long Number, string Outcome, string Sha256, bool HasBytes, string Issuer)>> RowsAsync() => await Store.ReadAsync(session => session.Sql("""
        select crls.number, crls.outcome, crls.tbs_sha256, crl_bytes.tbs, crls.issuer from crls
        left join crl_bytes on crl_bytes.issuer = crls.issuer and crl_bytes.number = crls.number order by crls.number
        """).ListAsync(row => (row.GetInt64(0), row.GetString(1), Convert.ToHexStringLower(row.Bytes(2)), !row.IsDBNull(3), row.GetString(4))), Stop);

    /// <summary>Every signature had been recorded byte by byte; what has a signature in the store has its audit event.</summary>
    public async Task CheckInvariantsAsync(bool mayBeOpen = false)
    {
        var rows = await RowsAsync();
        Assert.All(Signatures.Notes, note => Assert.False(note.IsCertificate));
        Assert.Equal(Signatures.Notes.Count, Signatures.Notes.Select(n => n.TbsSha256).Distinct().Count());
        var audited = (await Store.ReadAsync(async session => await AuditLog.ListAsync(session, 10_000, null), Stop)).Where(e => e.Event.Action == "crl.sign").ToList();
        var signed = rows.Where(r => r.Outcome == "signed").ToList();
        Assert.All(signed, row => Assert.Contains(Signatures.Notes, note => note.TbsSha256 == row.Sha256));
        Assert.All(signed, row => Assert.Single(audited, e => e.Event.Facts.Contains(KeyValuePair.Create("number", $"{row.Number}")) && e.Event.Facts.Contains(KeyValuePair.Create("issuer", row.Issuer))));
        Assert.All(rows, row => Assert.Equal(row.Outcome != "never_signed", row.HasBytes));
        if (!mayBeOpen) Assert.DoesNotContain(rows, row => row.Outcome == "planned");
    }

    public ValueTask DisposeAsync()
    {
        desk.Dispose();
        keys.Dispose();
        return ValueTask.CompletedTask;
    }
}
