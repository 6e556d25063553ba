using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Issuance;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Crls;

/// <summary>When lists are made, and by whom.</summary>
public sealed class CrlWorkerTests : IAsyncLifetime
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-worker-");
    private IStore store = null!;
    private CrlRig rig = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await StoreFactory.OpenAsync(new StoreOptions { ReserveMib = 0, Path = Path.Combine(directory.FullName, "store.db") }, TimeProvider.System, NullLoggerFactory.Instance, Stop);
        rig = new CrlRig(store);
        await rig.PrepareAsync();
        await store.WriteAsync(async session =>
        {
            await AuthorityStore.InsertAsync(session, new AuthorityRecord(
                "main", AuthorityPurpose.Issuing, "Net Root", rig.Scene.RootDer, Scene.RootUri, KeyState.Active, [], null, Scene.Now, []));
            await AuthorityStore.InsertAsync(session, new IssuerRecord("1", "main", rig.Scene.IssuerDer, Scene.IssuerUri, KeyState.Active, Scene.Now));
            return 0;
        }, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        await store.DisposeAsync();
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Due_FirstThenAfterAChange_ThenAtAThirdOfItsLife()
    {
        var worker = Worker();
        Assert.Equal(2, await worker.RunDueAsync(Stop));
        Assert.Equal(0, await worker.RunDueAsync(Stop));

        var serial = await rig.RevokedAsync();
        Assert.Equal(1, await worker.RunDueAsync(Stop));
        Assert.True((await rig.PublishedAsync()).Lists(serial));
        Assert.Equal(0, await worker.RunDueAsync(Stop));

        rig.Time.Advance(TimeSpan.FromHours(8) - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await worker.RunDueAsync(Stop));
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await worker.RunDueAsync(Stop));
        // The root's lasts for thirty days.
        rig.Time.Advance(TimeSpan.FromDays(10));
        Assert.Equal(2, await worker.RunDueAsync(Stop));
        await rig.CheckInvariantsAsync();
    }

    [Fact]
    public async Task Due_AtOnce_WhenTheClockWasAhead_SinceThatListIsNotGoodYet()
    {
        var worker = Worker();
        rig.Time.AdjustTime(Scene.Now.AddDays(5));
        Assert.Equal(2, await worker.RunDueAsync(Stop));
        rig.Time.AdjustTime(Scene.Now);

        Assert.Equal(2, await worker.RunDueAsync(Stop));

        Assert.True((await rig.PublishedAsync()).ThisUpdate <= Scene.Now);
        Assert.Equal(0, await worker.RunDueAsync(Stop));
    }

    [Fact]
    public async Task TwoWorkers_OneHoldsTheLease_TheOtherTakesOverWhenItIsGone()
    {
        var (first, second) = (Worker(), Worker());
        await first.RunDueAsync(Stop);
        await rig.RevokedAsync();
        // The first stops in the middle: its lease stays until it runs out.
        rig.Provider.Failure = () => new OperationCanceledException("gone");
        await Assert.ThrowsAsync<OperationCanceledException>(() => first.RunDueAsync(Stop));
        rig.Provider.Failure = null;

        Assert.Equal(0, await second.RunDueAsync(Stop));
        rig.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(1, await second.RunDueAsync(Stop));
        Assert.Single((await rig.PublishedAsync()).Reasons);
        await rig.CheckInvariantsAsync();
    }

    [Fact]
    public async Task BrokenKey_OfOneIssuer_KeepsNoOtherFromItsList_AndIsTriedAgain()
    {
        var worker = Worker();
        rig.Provider.Corruption = signature => [.. signature[..^1], (byte)(signature[^1] ^ 1)];
        Assert.Equal(0, await worker.RunDueAsync(Stop));
        rig.Provider.Corruption = null;

        Assert.Equal(0, await worker.RunDueAsync(Stop));
        rig.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, await worker.RunDueAsync(Stop));
    }

    private CrlWorker Worker() => new(store, new AuthorityBook(store), rig.Signer(), rig.Options, rig.Time, NullLogger<CrlWorker>.Instance);
}
