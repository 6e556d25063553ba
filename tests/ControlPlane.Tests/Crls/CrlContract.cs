using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Issuance;
using GrpcCa.ControlPlane.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Security;

namespace GrpcCa.ControlPlane.Tests.Crls;

/// <summary>What revocation lists promise, on every engine.</summary>
public abstract class CrlContract : IAsyncLifetime
{
    private readonly List<IStore> opened = [];
    private CrlRig rig = null!;

    private protected abstract Task<StoreOptions> NewDataAsync();

    public async ValueTask InitializeAsync()
    {
        opened.Add(await StoreFactory.OpenAsync(await NewDataAsync(), TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken));
        rig = new CrlRig(opened[0]);
        await rig.PrepareAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        foreach (var store in opened) await store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task List_OfNothing_LeavesTheEntriesOut_AndVerifies()
    {
        var number = await rig.SignAsync();

        var crl = await rig.PublishedAsync();
        Assert.Equal(number, crl.Number);
        Assert.Empty(crl.Reasons);
        Assert.Equal(TimeSpan.FromHours(24), crl.NextUpdate - crl.ThisUpdate);
        Assert.Equal(Scene.Now - CrlOptions.Backdate, crl.ThisUpdate);
        crl.Crl.Verify(PublicKeyFactory.CreateKey(SubjectPublicKeyInfo.GetInstance(rig.Scene.IssuerKey.ExportSubjectPublicKeyInfo())));
        await rig.CheckInvariantsAsync();
    }

    [Fact]
    public async Task List_HasTheRevokedAlone_WithTheirReasons_UnspecifiedWithout()
    {
        var good = await rig.IssueAsync();
        var plain = await rig.RevokedAsync();
        var compromised = await rig.RevokedAsync(RevocationReason.KeyCompromise);
        await rig.SignAsync();

        var crl = await rig.PublishedAsync();
        Assert.False(crl.Lists(good));
        Assert.Equal(-1, crl.Reasons[plain.Hex]);
        Assert.Equal((int)RevocationReason.KeyCompromise, crl.Reasons[compromised.Hex]);
        Assert.Equal(2, crl.Reasons.Count);
    }

    [Fact]
    public async Task Numbers_OfManyLists_StrictlyIncrease_AlsoWhenTheClockGoesBack()
    {
        var numbers = new List<long>();
        for (var i = 0; i < 12; i++)
        {
            numbers.Add(await rig.SignAsync());
            if (i == 5) rig.Time.AdjustTime(Scene.Now.AddDays(-1));
        }

        Assert.Equal(numbers.Order().Distinct(), numbers);
        Assert.Equal(Scene.Now.ToUnixTimeSeconds(), numbers[0]);
        Assert.Equal(numbers[^1], (await rig.PublishedAsync()).Number);
        Assert.Equal(5, (await rig.RowsAsync()).Count);
        await rig.CheckInvariantsAsync();
    }

    [Fact]
    public async Task Numbers_OfTwoProcessesAtOnce_AreNeverTheSame()
    {
        using var one = rig.Signer(replica: "a");
        using var two = rig.Signer(replica: "b");

        var numbers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : two).SignAsync(rig.Issuer, "system", TestContext.Current.CancellationToken)));

        Assert.Equal(20, numbers.Distinct().Count());
        Assert.Equal(numbers.Max(), (await rig.PublishedAsync()).Number);
        await rig.CheckInvariantsAsync();
    }

    [Fact]
    public async Task Revocation_WhileAListIsMade_IsNotForgotten()
    {
        var late = await rig.IssueAsync();
        using var signer = rig.Signer(new FailPoints(step =>
        {
            // The snapshot is taken already; the revocation is not in it.
            if (step == CrlSteps.Planned) rig.RevokeAsync(late).GetAwaiter().GetResult();
        }));
        await signer.SignAsync(rig.Issuer, "system", TestContext.Current.CancellationToken);
        Assert.False((await rig.PublishedAsync()).Lists(late));

        var state = await rig.StateAsync();
        Assert.True(state.Changes > state.Covered, "the list says that it covers a revocation that is not on it");
        await rig.SignAsync();
        state = await rig.StateAsync();
        Assert.Equal(state.Changes, state.Covered);
        Assert.True((await rig.PublishedAsync()).Lists(late));
    }

    [Fact]
    public async Task Entry_PastItsEnd_StaysForOneListDueByTime_ThenGoes()
    {
        await rig.SignAsync();
        var ending = await rig.RevokedAsync(notAfter: Scene.Now.AddHours(2));
        var lasting = await rig.RevokedAsync();
        rig.Time.Advance(TimeSpan.FromHours(3));

        // After its end, but not due by time: RFC 5280 §3.3 wants one that is.
        await rig.SignAsync();
        Assert.True((await rig.PublishedAsync()).Lists(ending));
        rig.Time.Advance(TimeSpan.FromHours(6));
        await rig.SignAsync();
        Assert.True((await rig.PublishedAsync()).Lists(ending));
        await rig.SignAsync();

        var crl = await rig.PublishedAsync();
        Assert.False(crl.Lists(ending));
        Assert.True(crl.Lists(lasting));
    }

    // Vault CVE-2021-29653: a clean-up dropped what was revoked and not yet expired.
    [Fact]
    public async Task Entry_BeforeItsEnd_StaysThroughManyLists()
    {
        var revoked = await rig.RevokedAsync(notAfter: Scene.Now.AddDays(20));
        for (var i = 0; i < 40; i++)
        {
            await rig.SignAsync();
            Assert.True((await rig.PublishedAsync()).Lists(revoked), $"list {i} forgot it");
            rig.Time.Advance(TimeSpan.FromHours(12));
        }
    }

    [Fact]
    public async Task Entry_BeforeItsEnd_Stays_AlsoWhenTheClockWasAhead()
    {
        var revoked = await rig.RevokedAsync(notAfter: Scene.Now.AddDays(1));
        rig.Time.AdjustTime(Scene.Now.AddDays(10));
        await rig.SignAsync();
        rig.Time.AdjustTime(Scene.Now.AddHours(1));

        await rig.SignAsync();

        Assert.True((await rig.PublishedAsync()).Lists(revoked));
    }

    [Theory]
    [InlineData(CrlSteps.Reserved)]
    [InlineData(CrlSteps.Planned)]
    [InlineData(CrlSteps.Signed)]
    [InlineData(CrlSteps.Recorded)]
    public async Task Crash_AtAnyStep_LosesNoRevocation_AndNoNumberComesTwice(string step)
    {
        var before = await rig.SignAsync();
        var revoked = await rig.RevokedAsync();
        using var crashing = rig.Signer(new FailPoints(reached =>
        {
            if (reached != step) return;
            rig.Store.Restart(_ => WriteFault.Before);
            throw new IOException("crash");
        }));
        await Assert.ThrowsAsync<IOException>(() => crashing.SignAsync(rig.Issuer, "system", TestContext.Current.CancellationToken));
        rig.Store.Restart(_ => null);

        var state = await rig.StateAsync();
        Assert.Equal(step != CrlSteps.Recorded, state.Changes > state.Covered);
        Assert.True((await rig.PublishedAsync()).Number >= before);
        await rig.CheckInvariantsAsync(mayBeOpen: true);

        var after = await rig.SignAsync();
        Assert.True(after > state.LastNumber);
        Assert.True((await rig.PublishedAsync()).Lists(revoked));
        await rig.CheckInvariantsAsync();
    }

    [Fact]
    public async Task Mutant_IsNeverSigned_AndTheNextListIs()
    {
        using var mutant = rig.Signer(build: (spec, key) => CrlBuilder.Build(spec with { Number = spec.Number + 1 }, key));

        await Assert.ThrowsAsync<LintException>(() => mutant.SignAsync(rig.Issuer, "system", TestContext.Current.CancellationToken));

        Assert.Empty(rig.Signatures.Notes);
        Assert.Equal("never_signed", Assert.Single(await rig.RowsAsync()).Outcome);
        await rig.SignAsync();
        await rig.CheckInvariantsAsync();
    }

    [Fact]
    public async Task Signature_ThatIsNone_IsThrownAway()
    {
        rig.Provider.Corruption = signature => [.. signature[..^1], (byte)(signature[^1] ^ 1)];

        await Assert.ThrowsAsync<CrlSignatureException>(rig.SignAsync);

        Assert.Equal(0, (await rig.StateAsync()).PublishedNumber);
        Assert.Equal("never_signed", Assert.Single(await rig.RowsAsync()).Outcome);
    }

    [Fact]
    public async Task Plan_LeftOpenByAnotherReplica_IsClosedOnceItIsStale()
    {
        using var crashing = rig.Signer(new FailPoints(step =>
        {
            if (step != CrlSteps.Planned) return;
            rig.Store.Restart(_ => WriteFault.Before);
            throw new IOException("crash");
        }), replica: "b");
        await Assert.ThrowsAsync<IOException>(() => crashing.SignAsync(rig.Issuer, "system", TestContext.Current.CancellationToken));
        rig.Store.Restart(_ => null);

        await rig.SignAsync();
        Assert.Equal("planned", (await rig.RowsAsync())[0].Outcome);
        rig.Time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));
        await rig.SignAsync();

        Assert.Equal("never_signed", (await rig.RowsAsync())[0].Outcome);
        await rig.CheckInvariantsAsync();
    }

    [Fact]
    public async Task Reason_ThatBecomesAnother_IsAChange()
    {
        var serial = await rig.RevokedAsync(RevocationReason.Superseded);
        await rig.SignAsync();

        await rig.Store.WriteAsync(session => GrpcCa.ControlPlane.Certificates.CertificateStore.ChangeReasonAsync(session, serial, RevocationReason.KeyCompromise), TestContext.Current.CancellationToken);

        var state = await rig.StateAsync();
        Assert.True(state.Changes > state.Covered);
        await rig.SignAsync();
        Assert.Equal((int)RevocationReason.KeyCompromise, (await rig.PublishedAsync()).Reasons[serial.Hex]);
    }
}

/// <summary>On the embedded engine.</summary>
public sealed class SqliteCrlTests : CrlContract
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-crl-");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private protected override Task<StoreOptions> NewDataAsync() => Task.FromResult(new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "store.db") });
}

/// <summary>On PostgreSQL.</summary>
[Collection(PostgresGroup.Name)]
public sealed class PostgresCrlTests(PostgresFixture postgres) : CrlContract
{
    private protected override async Task<StoreOptions> NewDataAsync() =>
        new() { Provider = StoreProvider.Postgresql, ConnectionFile = await postgres.Server.CreateDatabaseAsync(), Attempts = 100 };
}
