using System.Globalization;
using System.Security.Cryptography;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>Power cuts: everything that was not flushed is gone, and nothing is lost that anybody was told.</summary>
[Collection(MountedDisk.Collection)]
public sealed class PowerCutTests
{
    private const int Customers = 8, UsualCuts = 5, MostWrites = 8;

    // Between two cuts; counted in work, so that a slow machine tries as much as a quick one.
    private const int FewestCertificates = 10, MostCertificates = 150;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Pause = TimeSpan.FromMilliseconds(5);

    private static int Cuts => int.TryParse(Environment.GetEnvironmentVariable("DURABILITY_CUTS"), NumberStyles.None, CultureInfo.InvariantCulture, out var cuts) ? cuts : UsualCuts;

    [Fact]
    [Trait("Long", "true")]
    public async Task PowerCut_AtAnyMoment_LosesNothingThatWasAcknowledged()
    {
        await using var rig = await PowerCutRig.StartAsync();
        var notebook = new Notebook();
        var customers = Enumerable.Range(0, Customers).Select(i => new Customer($"c{i}", rig.Site, notebook)).ToList();
        var (lists, root, unflushed, lost) = (new Dictionary<string, long>(StringComparer.Ordinal), "", 0L, 0L);

        for (var cut = 0; cut <= Cuts; cut++)
        {
            var instance = await RunningInstance.StartAsync(rig.Options);
            await using var stopped = instance;
            if (cut == 0) root = instance.FirstLines[2];
            Assert.Equal(root, instance.FirstLines[2]);
            Judge(rig, notebook, lists, cut);

            var cutsBefore = rig.Cuts;
            using var ends = new CancellationTokenSource();
            using var http = instance.Http();
            var work = customers.Select(c => Task.Run(() => c.RunAsync(instance, http, () => rig.Cuts > cutsBefore, ends.Token))).ToList();
            await UntilServedAsync(notebook, notebook.Certificates.Count + RandomNumberGenerator.GetInt32(FewestCertificates, MostCertificates));
            if (cut < Cuts)
            {
                // Every second one meets something unflushed whatever the machine's speed; the others come at any moment.
                var isArmed = cut % 2 == 0;
                var report = isArmed ? await rig.CutAfterAsync(RandomNumberGenerator.GetInt32(MostWrites) + 1) : await rig.CutAsync();
                Assert.True(report.Sectors > 0 || !isArmed, $"cut {cut + 1} came after a write, and nothing was unflushed");
                (unflushed, lost) = (unflushed + report.Sectors, lost + report.Lost);
            }
            await ends.CancelAsync();
            await Task.WhenAll(work);
            if (cut == Cuts) Judge(rig, notebook, lists, cut);
        }

        var figures = $"{Cuts} cuts, {rig.Flushes} flushes, {unflushed} sectors of 512 bytes unflushed and {lost} of them lost; " +
            $"{notebook.Certificates.Count} certificates and {notebook.Revoked.Count()} revocations acknowledged, none lost";
        await Figures.TellAsync("power cut", figures, new Dictionary<string, double>
        {
            ["cuts"] = Cuts,
            ["flushes"] = rig.Flushes,
            ["sectorsUnflushed"] = unflushed,
            ["sectorsLost"] = lost,
            ["certificates"] = notebook.Certificates.Count,
            ["revocations"] = notebook.Revoked.Count(),
        });
        Assert.True(notebook.Certificates.Count >= FewestCertificates * Cuts, figures);
    }

    [Fact]
    [Trait("Long", "true")]
    public async Task PowerCut_DuringTheFirstStart_LeavesWhatTheNextStartCanUse()
    {
        await using var rig = await PowerCutRig.StartAsync();
        for (var cut = 0; cut < Math.Max(3, Cuts / 4); cut++)
        {
            if (cut > 0) await rig.FormatAsync();
            var starting = RunningInstance.StartAsync(rig.Options);
            await Task.Delay(RandomNumberGenerator.GetInt32(100, 4000), TestContext.Current.CancellationToken);
            await rig.CutAsync();
            // It got ready before, or it did not.
            await Task.WhenAny(starting);
            await using var first = starting.IsCompletedSuccessfully ? await starting : null;

            await using var again = await RunningInstance.StartAsync(rig.Options);
            if (first is not null) Assert.Equal(first.FirstLines[2], again.FirstLines[2]);
            using var http = again.Http();
            var client = new AcmeClient(http, new Uri(again.Directory), AcmeKey.Es256()) { Site = rig.Site };
            AcmeClient.Expect(await client.RegisterAsync(), 201);
            await client.IssueAsync("first.localhost");
        }
    }

    private static async Task UntilServedAsync(Notebook notebook, int certificates)
    {
        var patience = new Deadline(Patience, $"no {certificates} certificates");
        while (notebook.Certificates.Count < certificates)
        {
            Assert.True(notebook.Faults.IsEmpty, string.Join('\n', notebook.Faults));
            await patience.PauseAsync(Pause);
        }
    }

    private static void Judge(PowerCutRig rig, Notebook notebook, Dictionary<string, long> lists, int cut)
    {
        using var store = new StoreCheck(rig.Options.Data!);
        var faults = store.FindFaults(notebook, TimeProvider.System.GetUtcNow());
        Assert.True(faults.Count == 0, $"after cut {cut}: {faults.Count} faults\n{string.Join('\n', faults.Take(20))}");
        foreach (var (issuer, number) in store.ListNumbers)
        {
            Assert.True(number >= lists.GetValueOrDefault(issuer), $"after cut {cut}: list {number} of {issuer}, and {lists.GetValueOrDefault(issuer)} was there before");
            lists[issuer] = number;
        }
    }
}
