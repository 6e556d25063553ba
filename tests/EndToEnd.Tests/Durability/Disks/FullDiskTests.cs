using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>A disk that is full under everything: store, log, and the gateway's state.</summary>
public sealed class FullDiskTests
{
    private const int Mebibytes = 64, ReserveMebibytes = 16, Customers = 8, ReadyOrders = 6, Spare = 20;

    // Five seconds are promised; a machine with much else to do gets more.
    private static readonly TimeSpan RecoveryBound = TimeSpan.FromSeconds(20), Patience = TimeSpan.FromSeconds(45), Pause = TimeSpan.FromMilliseconds(50);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Long", "true")]
    public async Task FullDisk_RefusesOrders_RevokesAllTheSame_AndGoesOnOnceThereIsSpace()
    {
        await using var site = await ChallengeSite.StartAsync();
        await using var disk = await FullDisk.MountAsync(Mebibytes);
        var options = new RunningInstanceOptions { Data = disk.At("ca"), Http01Port = site.Port };
        Directory.CreateDirectory(options.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var instance = await RunningInstance.StartAsync(options);
        var pid = await instance.PidOfAsync("grpcca-server");
        using var http = instance.Http();
        var client = new AcmeClient(http, new Uri(instance.Directory), AcmeKey.Es256()) { Site = site };
        AcmeClient.Expect(await client.RegisterAsync(), 201);
        var (byClient, byOperator) = (await client.IssueAsync("a.localhost"), await client.IssueAsync("b.localhost"));
        var batch = new AcmeClient(http, new Uri(instance.Directory), AcmeKey.Es256()) { Site = site };
        AcmeClient.Expect(await batch.RegisterAsync(), 201);
        var inBatch = new List<IssuedCertificate>();
        for (var i = 0; i < 5; i++) inBatch.Add(await batch.IssueAsync($"batch{i}.localhost"));
        var spare = new List<IssuedCertificate>();
        for (var i = 0; i < Spare; i++) spare.Add(await batch.IssueAsync($"spare{i}.localhost"));
        var ready = new List<AcmeAnswer>();
        for (var i = 0; i < ReadyOrders; i++) ready.Add(await client.ReadyOrderAsync($"ready{i}.localhost"));

        // It gets full under clients that are at work.
        var (notebook, isFull) = (new Notebook(), false);
        using var ends = new CancellationTokenSource();
        var customers = Enumerable.Range(0, Customers).Select(i => new Customer($"c{i}", site, notebook)).ToList();
        var work = customers.ConvertAll(c => Task.Run(() => c.RunAsync(instance, http, () => Volatile.Read(ref isFull), ends.Token)));
        var began = Stopwatch.StartNew();
        while (!customers.TrueForAll(c => c.IsServed))
        {
            Assert.True(began.Elapsed < Patience, string.Join("\n", notebook.Faults));
            await Task.Delay(Pause, Cancelled);
        }
        Volatile.Write(ref isFull, true);
        await disk.FillAsync();
        await RefusedAsync(client);
        await ends.CancelAsync();
        await Task.WhenAll(work);
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            AssertRefusal(AcmeClient.Expect(await client.FinalizeAsync(ready[0], Csr.Of(key, "ready0.localhost")), 503));

        // What takes trust away works, at first in what room an order leaves, then with the reserve.
        for (var i = 0; new FileInfo(Reserve(options.Data)).Length > 0; i++)
        {
            Assert.True(i < Spare, "revocations did not need the reserve, so that this tries nothing");
            await RefusedAsync(client);
            AcmeClient.Expect(await batch.RevokeAsync(spare[i].Leaf.RawData), 200);
        }
        // An ACME client's, an operator's, many at once; and the lists tell of it.
        AcmeClient.Expect(await client.RevokeAsync(byClient.Leaf.RawData), 200);
        await AdminAsync(instance, "certificate", "revoke", Serial(byOperator), "--reason", "superseded", "--yes");
        await AdminAsync(instance, "certificate", "revoke", "--account", batch.Kid!.Split('/')[^1], "--reason", "keyCompromise", "--yes");
        var listed = await UntilListedAsync(instance, [byClient, byOperator, .. inBatch]);
        Assert.Equal(200, (await client.GetAsync($"{instance.Origin}/health")).Status);
        AssertRefusal(await client.OrderAsync("still.localhost"));
        Assert.Equal(0, new FileInfo(Reserve(options.Data)).Length);

        disk.Free();
        var freed = Stopwatch.StartNew();
        while ((await client.OrderAsync("again.localhost")).Status != 201)
        {
            Assert.InRange(freed.Elapsed, TimeSpan.Zero, RecoveryBound);
            await Task.Delay(Pause, Cancelled);
        }
        var recovered = freed.Elapsed;
        await client.IssueAsync("again.localhost");

        // Orders that were cut off end or go on, without a restart.
        foreach (var order in ready) await client.UntilAsync(order.Location!, a => a.Text("status") != "processing");
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256)) await client.FinishAsync(ready[^1], Csr.Of(key, $"ready{ReadyOrders - 1}.localhost"), key);
        var faults = await SettledFaultsAsync(options, notebook);
        Assert.True(faults.Count == 0, string.Join("\n", faults));
        Assert.Equal(pid, await instance.PidOfAsync("grpcca-server"));
        Assert.Equal(ReserveMebibytes << 20, new FileInfo(Reserve(options.Data)).Length);
        instance.AssertLogsWithoutStacks();
        await Figures.TellAsync("full disk", $"revocations listed {listed.TotalSeconds:0.0} s after the last of them, orders taken again {recovered.TotalSeconds:0.0} s after there was space",
            new Dictionary<string, double> { ["listedAfterSeconds"] = listed.TotalSeconds, ["takenAgainAfterSeconds"] = recovered.TotalSeconds });
    }

    [Fact]
    [Trait("Long", "true")]
    public async Task Restart_OnAFullDisk_StillShutsOut_AndLeavesTheRestOfTheReserveToThat()
    {
        await using var disk = await FullDisk.MountAsync(Mebibytes);
        var data = disk.At("ca");
        await using (var server = await LoneServer.StartAsync(data, ReserveMebibytes))
        {
            for (var i = 0; i < 30; i++) await server.AddOperatorAsync($"o{i}");
            await disk.FillAsync();
            await RefusedAsync(server);
            for (var i = 0; new FileInfo(Reserve(data)).Length > 0; i++)
            {
                Assert.True(i < 20, "shutting out did not need the reserve, so that this tries nothing");
                await server.DisableOperatorAsync($"o{i}");
            }
            await server.KillAsync();
        }
        // Room enough for a start, and too little for a reserve.
        await disk.FillAsync(except: 2);

        await using var again = await LoneServer.StartAsync(data, ReserveMebibytes);
        var refused = await Assert.ThrowsAsync<RpcException>(() => again.AddOperatorAsync("early"));
        await again.DisableOperatorAsync("o29");
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.Equal(0, new FileInfo(Reserve(data)).Length);

        disk.Free();
        var freed = Stopwatch.StartNew();
        while (!await TakesAsync(again, $"late{freed.ElapsedTicks}"))
        {
            Assert.InRange(freed.Elapsed, TimeSpan.Zero, RecoveryBound);
            await Task.Delay(Pause, Cancelled);
        }
        Assert.Equal(ReserveMebibytes << 20, new FileInfo(Reserve(data)).Length);
        var operators = await again.OperatorsAsync();
        Assert.Contains("o29", operators);
        Assert.DoesNotContain("early", operators);
    }

    private static string Reserve(string data) => Path.Combine(data, "grpcca.db-reserve");

    // What room is left in files that are there already is used up first.
    private static async Task RefusedAsync(LoneServer server)
    {
        for (var i = 0; i < 5000; i++)
            if (!await TakesAsync(server, $"full{i}")) return;
        Assert.Fail("operators are taken without end on a full disk");
    }

    private static async Task<bool> TakesAsync(LoneServer server, string id)
    {
        try
        {
            await server.AddOperatorAsync(id);
            return true;
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.Unavailable)
        {
            return false;
        }
    }

    private static string Serial(IssuedCertificate issued) => issued.Leaf.SerialNumber.ToLowerInvariant()[^32..];

    // What room is left in files that are there already is used up first.
    private static async Task RefusedAsync(AcmeClient client)
    {
        for (var i = 0; i < 5000; i++)
        {
            var answer = await client.OrderAsync($"full{i}.localhost");
            if (answer.Status == 201) continue;
            AssertRefusal(answer);
            return;
        }
        Assert.Fail("orders are taken without end on a full disk");
    }

    private static void AssertRefusal(AcmeAnswer answer)
    {
        Assert.Equal((503, "serverInternal"), (answer.Status, answer.Problem));
        Assert.True(int.TryParse(answer.Header("Retry-After"), out var seconds) && seconds > 0, answer.ToString());
    }

    private static async Task AdminAsync(RunningInstance instance, params string[] arguments)
    {
        var run = await instance.AdminAsync(arguments);
        Assert.True(run.ExitCode == 0, run.Said);
    }

    private static async Task<TimeSpan> UntilListedAsync(RunningInstance instance, IReadOnlyList<IssuedCertificate> certificates)
    {
        using var http = new HttpClient();
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var list = CertificateRevocationListBuilder.Load(await http.GetByteArrayAsync($"http://127.0.0.1:{instance.Options.HttpPort}/crl", Cancelled), out _);
            // The builder has no look-up; removing tells whether it was there.
            if (certificates.All(c => list.RemoveEntry(c.Leaf.SerialNumberBytes.Span))) return waited.Elapsed;
            Assert.InRange(waited.Elapsed, TimeSpan.Zero, Patience);
            await Task.Delay(Pause, Cancelled);
        }
    }

    // Plans that could not be closed on the full disk are closed soon after.
    private static async Task<IReadOnlyList<string>> SettledFaultsAsync(RunningInstanceOptions options, Notebook notebook)
    {
        var (began, waited) = (TimeProvider.System.GetUtcNow(), Stopwatch.StartNew());
        while (true)
        {
            using var store = new StoreCheck(options.Data!);
            var faults = store.FindFaults(notebook, began);
            if (faults.Count == 0 || waited.Elapsed > RecoveryBound) return faults;
            await Task.Delay(Pause, Cancelled);
        }
    }
}
