using System.Net;
using System.Text.Json;

namespace GrpcCa.EndToEnd.Tests.Run;

/// <summary><c>grpcca-load</c> against a running instance: what it measures makes sense, and what goes wrong is named.</summary>
public sealed class LoadProgramTests
{
    private const int Clients = 8;

    private readonly int dnsPort = FreePorts.Next();

    [Fact]
    public async Task Load_OnARunningInstance_ReportsWhatItDid()
    {
        using var home = new TemporaryDirectory();
        await using var instance = await StartAsync();
        var (server, gateway) = (await instance.PidOfAsync("grpcca-server"), await instance.PidOfAsync("grpcca-gateway"));

        var run = await LoadAsync(instance, home, "--seconds", "3", "--warmup", "1", "--threads", "2", "--processes", $"{server},{gateway}", "--files", Path.Combine(instance.Data, "grpcca.db"));

        Assert.True(run.ExitCode == 0, run.Said);
        Assert.Contains($"issue, {Clients} clients", run.Output);
        var report = Report(home);
        Assert.Equal(("issue", Clients), (report.GetProperty("mode").GetString(), report.GetProperty("clients").GetInt32()));
        var (done, seconds) = (report.GetProperty("done").GetInt32(), Number(report, "seconds"));
        Assert.True(done >= Clients, run.Said);
        Assert.InRange(seconds, 2.9, 60);
        Assert.Equal(done / seconds, Number(report, "perSecond"), 0.01 * done);
        Assert.InRange(Number(report, "p50Ms"), 0.1, Number(report, "p95Ms"));
        Assert.InRange(Number(report, "p99Ms"), Number(report, "p95Ms"), Number(report, "maxMs"));
        Assert.InRange(Number(report, "serverCpuMs"), 0.1, 10_000);
        Assert.InRange(Number(report, "memoryPeak"), 10e6, 10e9);
        Assert.True(Number(report, "diskBytesEach") > 0, run.Said);
        Assert.Empty(report.GetProperty("errors").EnumerateObject());
        Assert.All(report.GetProperty("stepMs").EnumerateObject(), step => Assert.InRange(step.Value.GetDouble(), 0.001, 60_000));
        var certificates = JsonDocument.Parse((await instance.AdminAsync("certificate", "list", "--limit", "100000", "-o", "json")).Output).RootElement.GetProperty("certificates");
        // Those of the warm-up and those that ended behind the window are there too.
        Assert.True(certificates.GetArrayLength() >= done, $"{certificates.GetArrayLength()} certificates, {done} reported");
    }

    [Fact]
    [Trait("Long", "true")]
    public async Task Load_WhoseServerStopsHalfway_EndsAndNamesTheErrors()
    {
        using var home = new TemporaryDirectory();
        await using var instance = await StartAsync();
        var server = await instance.PidOfAsync("grpcca-server");
        var load = LoadAsync(instance, home, "--seconds", "8", "--warmup", "0", "--processes", $"{server}");
        for (var tries = 0; !instance.ServerLog.Contains("(Leaf) was issued", StringComparison.Ordinal); tries++)
        {
            Assert.True(tries < 300 && !load.IsCompleted, instance.ServerLog);
            await Task.Delay(50);
        }

        await instance.StopAsync();
        var run = await load;

        Assert.True(run.ExitCode == 3, run.Said);
        Assert.Matches(@"error \d+ x \w+: .+", run.Output);
        var errors = Report(home).GetProperty("errors").EnumerateObject().ToDictionary(e => e.Name, e => e.Value.GetInt32());
        // Nobody listens any more.
        Assert.Contains("SocketException", errors.Keys);
        // What was measured until then is told all the same.
        Assert.Contains($"ended before the run was over: {server};", run.Output);
        Assert.Equal(server, Report(home).GetProperty("endedProcesses").EnumerateArray().Single().GetInt32());
        Assert.InRange(Number(Report(home), "serverCpuMs"), 0.1, 10_000);
        Assert.All(errors.Values, count => Assert.InRange(count, 1, 100_000));
    }

    private Task<RunningInstance> StartAsync() => RunningInstance.StartAsync(new() { Resolver = new IPEndPoint(IPAddress.Loopback, dnsPort) });

    private Task<ProgramRun> LoadAsync(RunningInstance instance, TemporaryDirectory home, params string[] arguments) => ProgramRun.OfAsync("dotnet",
    [
        SourceTree.At("artifacts", "bin", "GrpcCa.Load", new DirectoryInfo(AppContext.BaseDirectory).Name, "grpcca-load.dll"),
        "--directory", instance.Directory, "--ca", instance.RootFile, "--clients", $"{Clients}", "--names", "load.test",
        "--http-port", $"{instance.Options.Http01Port}", "--dns-port", $"{dnsPort}", "--json", home.At("report.json"), .. arguments,
    ]);

    private static JsonElement Report(TemporaryDirectory home) => JsonDocument.Parse(File.ReadAllText(home.At("report.json"))).RootElement;

    private static double Number(JsonElement report, string name) => report.GetProperty(name).GetDouble();
}
