using System.Diagnostics;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.Benchmarks;

/// <summary>
/// <c>reads</c>: what every request reads, with a transaction around it and without, right after a commit as under load: the pages
/// that the connection had are read again. A commit is no part of the time, so this is no case for BenchmarkDotNet.
/// </summary>
internal sealed class SmallReads
{
    private const int Rounds = 5000, Warming = 500;

    private static readonly Lease Lease = new("somebody", TimeSpan.FromMinutes(1));

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("grpcca-reads-");

    public async Task<int> RunAsync()
    {
        var options = new StoreOptions { Path = Path.Combine(directory.FullName, "store.db"), ReserveMib = 0, Replica = "main" };
        await using (var store = await StoreFactory.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None))
        {
            var filler = new StoreFiller(store, CancellationToken.None);
            await filler.AddAccountAsync(TimeProvider.System.GetUtcNow());
            await filler.AddOrdersAsync(Rounds, TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(1));
            var keys = new AccountKeys(store);
            await MeasureAsync(store,
            [
                ("number, in a transaction", async () => await store.ReadAsync(Generation.ReadAsync, CancellationToken.None)),
                ("number, one statement", async () => await store.ReadOneAsync(Generation.ReadAsync, CancellationToken.None)),
                ("number, kept", async () => await store.ReadGenerationAsync(CancellationToken.None)),
                ("account, in a transaction", async () => await store.ReadAsync(session => AccountStore.FindKeyAsync(session, StoreFiller.AccountId), CancellationToken.None)),
                ("account, kept", async () => await keys.FindAsync(StoreFiller.AccountId, CancellationToken.None)),
                ("account, one statement", async () => await store.ReadOneAsync(session => AccountStore.FindKeyAsync(session, StoreFiller.AccountId), CancellationToken.None)),
            ]);
        }
        directory.Delete(recursive: true);
        return 0;
    }

    private static async Task MeasureAsync(IStore store, (string What, Func<Task> Read)[] reads)
    {
        var times = reads.Select(_ => new List<double>(Rounds)).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < reads.Length; i++)
            {
                // Each in every place of the row by turns, so that none always comes after the same one.
                var at = (i + round) % reads.Length;
                await store.WriteAsync(session => Lease.HoldAsync(session, TimeProvider.System.GetUtcNow()), CancellationToken.None);
                var began = Stopwatch.GetTimestamp();
                await reads[at].Read();
                if (round >= Warming) times[at].Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }
        }
        for (var i = 0; i < reads.Length; i++)
        {
            times[i].Sort();
            Console.WriteLine($"{reads[i].What}: median {times[i][times[i].Count / 2]:F1} µs, a fifth under {times[i][times[i].Count / 5]:F1} µs");
        }
    }
}
