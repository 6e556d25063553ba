using System.Diagnostics;
using GrpcCa.ControlPlane;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.Benchmarks;

/// <summary>
/// <c>sweep [ORDERS]</c>: a million orders come and go, with a hundred thousand certificates beside them of which half ended long
/// ago. Says how large the file was before, with them and after, and how long somebody who writes meanwhile waits.
/// </summary>
internal sealed class OrdersComeAndGo(int orders)
{
    private static readonly TimeSpan BetweenWrites = TimeSpan.FromMilliseconds(5);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-sweep-");
    private readonly int certificates = Math.Max(10, orders / 10);

    private StoreOptions Options => new() { Path = Path.Combine(directory.FullName, "store.db"), ReserveMib = 0 };

    public async Task<int> RunAsync()
    {
        var now = TimeProvider.System.GetUtcNow();
        await InStoreAsync(async store =>
        {
            var filler = new StoreFiller(store, CancellationToken.None);
            await filler.AddAccountAsync(now);
            // Half of them have ended 500 days ago, and half of all are revoked.
            await filler.AddCertificatesAsync(certificates, "authorities/main/issuers/1", i => i % 2 == 0 ? new(now.AddDays(-590), now.AddDays(-500)) : new(now, now.AddDays(90)),
                i => i % 4 < 2 ? now : null, audited: false);
            await StoreFiller.PublishListAsync(store, "authorities/main/issuers/1", now);
        });
        var before = Say("before");
        var began = Stopwatch.GetTimestamp();
        await InStoreAsync(store => new StoreFiller(store, CancellationToken.None).AddOrdersAsync(orders, now, TimeSpan.FromDays(7)));
        Console.WriteLine($"{orders} orders and authorizations written in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
        Say("with the orders");
        await InStoreAsync(SweepAsync);
        var after = Say("after the sweep");
        Console.WriteLine($"archive: {directory.EnumerateFiles("*.jsonl", SearchOption.AllDirectories).Sum(f => f.Length) / 1048576.0:F1} MiB of JSON lines");
        directory.Delete(recursive: true);
        return after <= before ? 0 : 1;
    }

    private async Task SweepAsync(IStore store)
    {
        var options = ControlPlaneOptions.Read(new ConfigurationBuilder().Build()) with { Archive = new ArchiveOptions { Directory = Path.Combine(directory.FullName, "archive") } };
        await using var services = new ServiceCollection().AddSweeping(options).BuildServiceProvider();
        using var sweeper = new Sweeper(store, Options, services.GetServices<SweepTask>(), new ShiftedTime(TimeSpan.FromDays(9)), NullLogger<Sweeper>.Instance);
        var waits = new List<double>();
        var began = Stopwatch.GetTimestamp();
        var sweep = Task.Run(() => sweeper.SweepAsync(CancellationToken.None));
        var lease = new Lease("somebody else", TimeSpan.FromMinutes(1));
        while (!sweep.IsCompleted)
        {
            var written = Stopwatch.GetTimestamp();
            await store.WriteAsync(session => lease.HoldAsync(session, TimeProvider.System.GetUtcNow()), CancellationToken.None);
            waits.Add(Stopwatch.GetElapsedTime(written).TotalMilliseconds);
            await Task.Delay(BetweenWrites);
        }
        var rows = await sweep;
        waits.Sort();
        Console.WriteLine($"{rows} rows swept in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s; {waits.Count} writes meanwhile, "
            + $"ms: p50 {waits[waits.Count / 2]:F1}  p99 {waits[waits.Count * 99 / 100]:F1}  longest {waits[^1]:F1}");
    }

    private async Task InStoreAsync(Func<IStore, Task> work)
    {
        await using var store = await StoreFactory.OpenAsync(Options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        await work(store);
    }

    private long Say(string when)
    {
        var bytes = directory.EnumerateFiles("store.db*").Sum(file => file.Length);
        Console.WriteLine($"{when}: {bytes / 1048576.0:F1} MiB");
        return bytes;
    }
}
