using System.Diagnostics;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Sweeping;

/// <summary>Many orders come and go: the file returns to its size, others write meanwhile, and what was issued stays.</summary>
[Collection(ControlPlaneGroup.Name)]
[Trait("Long", "true")]
public sealed class SweepDrillTests(RunningControlPlane running) : IDisposable
{
    private const int Orders = 50_000, Certificates = 2_000;
    private const string Issuer = "authorities/main/issuers/1";

    // A batch takes milliseconds; a machine with other work on it much longer.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow();

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-drill-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Fewer pages after each batch than it frees: the rest goes at the end.
    private StoreOptions Options => new() { Path = Path.Combine(directory.FullName, "store.db"), ReclaimPages = 20, ReserveMib = 0 };

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task Orders_ThatComeAndGo_LeaveTheFileAsItWas()
    {
        await InStoreAsync(async store =>
        {
            var filler = new StoreFiller(store, Stop);
            await filler.AddAccountAsync(Start);
            // Ended and live ones, each kind also revoked.
            await filler.AddCertificatesAsync(Certificates, Issuer, i => new(Start.AddDays(-30), i % 2 == 0 ? Start.AddDays(-1) : Start.AddDays(60)), i => i % 4 < 2 ? Start.AddDays(-2) : null, audited: true);
        });
        var before = Size();
        await InStoreAsync(store => new StoreFiller(store, Stop).AddOrdersAsync(Orders, Start, TimeSpan.FromDays(7)));
        var full = Size();
        Assert.True(full > before * 5, $"{before} and {full} bytes");

        var (rows, longest) = await SweepAsync(TimeSpan.FromDays(9));

        Assert.Equal(2 * Orders, rows);
        Assert.InRange(longest, TimeSpan.Zero, LongestWait);
        var after = Size();
        Assert.True(after < before * 1.2, $"{before} bytes before, {full} with the orders, {after} after");
        await InStoreAsync(async store =>
        {
            Assert.Equal(Certificates, await store.ReadAsync(session => session.Sql("select count(*) from certificates").NumberAsync(), Stop));
            Assert.Equal(Certificates, await store.ReadAsync(session => session.Sql("select count(*) from audit_events").NumberAsync(), Stop));
            Assert.Equal(Certificates / 2, await store.ReadAsync(session => session.Sql("select count(*) from certificates where revoked_at is not null").NumberAsync(), Stop));
        });
    }

    // The sweeper at work, and somebody who writes one small thing after another meanwhile.
    private async Task<(int Rows, TimeSpan Longest)> SweepAsync(TimeSpan ahead)
    {
        var (rows, longest) = (0, TimeSpan.Zero);
        await InStoreAsync(async store =>
        {
            using var sweeper = new Sweeper(store, Options, [.. running.Services.GetServices<SweepTask>()], new ShiftedTime(ahead), NullLogger<Sweeper>.Instance);
            var sweep = Task.Run(() => sweeper.SweepAsync(Stop), Stop);
            var lease = new Lease("somebody else", TimeSpan.FromMinutes(1));
            var written = 0;
            for (; !sweep.IsCompleted; written++)
            {
                var began = Stopwatch.GetTimestamp();
                await store.WriteAsync(session => lease.HoldAsync(session, Start), Stop);
                if (Stopwatch.GetElapsedTime(began) is var took && took > longest) longest = took;
            }
            rows = await sweep;
            Assert.True(written > 100, $"{written} writes during a sweep of {rows} rows");
            TestContext.Current.SendDiagnosticMessage($"{rows} rows swept, {written} writes meanwhile, the longest took {longest.TotalMilliseconds:F0} ms");
        });
        return (rows, longest);
    }

    private async Task InStoreAsync(Func<IStore, Task> work)
    {
        await using var store = await StoreFactory.OpenAsync(Options, TimeProvider.System, NullLoggerFactory.Instance, Stop);
        await work(store);
    }

    // With the log, which is gone after an orderly end.
    private long Size() => directory.EnumerateFiles().Sum(file => file.Length);
}
