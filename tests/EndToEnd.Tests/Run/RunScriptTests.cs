using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace GrpcCa.EndToEnd.Tests.Run;

/// <summary><c>./run</c> itself: what it prints, how it stops, what it keeps, how it says no.</summary>
public sealed class RunScriptTests
{
    [Fact]
    public async Task FirstFiveLines_AreTheContract()
    {
        await using var instance = await RunningInstance.StartAsync();

        Assert.Equal(
        [
            $"directory: https://127.0.0.1:{instance.Options.AcmePort}/acme/acme/directory",
            $"root: {instance.Data}/root.crt",
            $"fingerprint: {await FingerprintAsync(instance.RootFile)}",
            $"admin: unix:{instance.Data}/admin.sock",
            "ready",
        ], instance.FirstLines);
    }

    [Fact]
    public async Task Kill9_OfTheScript_StopsBothInOrder()
    {
        using var data = new TemporaryDirectory();
        await using var first = await RunningInstance.StartAsync(new() { Data = data.Path });

        await first.StopAsync("KILL");

        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await CountProcessesAsync(data.Path) > 0) await Task.Delay(TimeSpan.FromMilliseconds(100), bound.Token);
        // The control plane ended as by Ctrl-C: its store is closed, the log of the database gone.
        Assert.Empty(Directory.GetFiles(data.Path, "*.db-wal"));
    }

    [Fact]
    public async Task CtrlC_StopsBoth_AndASecondStartFindsItsData()
    {
        using var data = new TemporaryDirectory();
        string root;
        await using (var first = await RunningInstance.StartAsync(new() { Data = data.Path }))
        {
            root = await File.ReadAllTextAsync(first.RootFile);
            Assert.Equal(2, await CountProcessesAsync("grpcca-(server|gateway) run .*" + data.Path));

            Assert.Equal(0, await first.StopAsync("INT"));

            Assert.Equal(0, await CountProcessesAsync(data.Path));
        }

        await using var second = await RunningInstance.StartAsync(new() { Data = data.Path });

        Assert.Equal(root, await File.ReadAllTextAsync(second.RootFile));
    }

    [Fact]
    public async Task NameThatAnOperatorGave_OutlivesARestart()
    {
        using var data = new TemporaryDirectory();
        await using (var first = await RunningInstance.StartAsync(new() { Data = data.Path }))
        {
            var update = await first.AdminAsync("gateway", "update", "local", "--base-url", "https://ca.home.test", "--tls-name", "ca.home.test");
            Assert.True(update.ExitCode == 0, update.Said);
        }

        await using var second = await RunningInstance.StartAsync(new() { Data = data.Path });
        var shown = System.Text.Json.JsonDocument.Parse((await second.AdminAsync("gateway", "show", "local", "-o", "json")).Output).RootElement;

        Assert.Equal(["https://ca.home.test", second.Origin, $"https://localhost:{second.Options.AcmePort}"], shown.GetProperty("baseUrls").EnumerateArray().Select(u => u.GetString()));
        Assert.Equal(["ca.home.test", "127.0.0.1", "localhost"], shown.GetProperty("tlsNames").EnumerateArray().Select(n => n.GetString()));
    }

    [Fact]
    public async Task Allow_OnALaterStart_ReplacesTheList_AndWithoutItTheListStays()
    {
        using var data = new TemporaryDirectory();

        Assert.Equal(["subtree:localhost", "exact:localhost", "subtree:test"], await AllowedAsync(data.Path), Same);
        Assert.Equal(["exact:one.test", "label:net.gq"], await AllowedAsync(data.Path, "--allow", "exact:one.test", "--allow", "label:net.gq"), Same);
        Assert.Equal(["exact:two.test"], await AllowedAsync(data.Path, "--allow", "exact:two.test"), Same);
        Assert.Equal(["exact:two.test"], await AllowedAsync(data.Path), Same);
    }

    [Theory]
    [InlineData("--acme")]
    [InlineData("--http")]
    [InlineData("--grpc")]
    public async Task PortInUse_IsOneLine_AndNothingIsLeftRunning(string flag)
    {
        using var data = new TemporaryDirectory();
        using var occupant = new TcpListener(IPAddress.Loopback, 0);
        occupant.Start();
        var options = new RunningInstanceOptions();

        var run = await ProgramRun.OfAsync(SourceTree.At("run"), [.. options.Arguments(data.Path), flag, occupant.LocalEndpoint.ToString()!]);

        await AssertRefusedAsync(run, data.Path, ((IPEndPoint)occupant.LocalEndpoint).Port.ToString());
    }

    [Fact]
    public async Task UnwritableDirectory_IsOneLine_AndNothingIsLeftRunning()
    {
        using var parent = new TemporaryDirectory();
        await File.WriteAllTextAsync(parent.At("file"), "");

        var run = await ProgramRun.OfAsync(SourceTree.At("run"), new RunningInstanceOptions().Arguments(parent.At("file", "data")));

        await AssertRefusedAsync(run, parent.Path, parent.At("file", "data"));
    }

    [Theory]
    [InlineData("--no-such-flag", "--no-such-flag")]
    [InlineData("--allow nonsense:x", "nonsense:x")]
    [InlineData("--allow", "--allow")]
    [InlineData("--acme localhost", "--acme")]
    [InlineData("--acme 127.0.0.1:99999", "99999")]
    [InlineData("--grpc 127.0.0.1:x", "127.0.0.1:x")]
    [InlineData("--http01-port 0", "0")]
    [InlineData("--http01-port many", "many")]
    [InlineData("--resolver nowhere", "nowhere")]
    [InlineData("--ranges 10.0.0.0/40", "10.0.0.0/40")]
    [InlineData("--storage floppy", "floppy")]
    [InlineData("--storage postgresql", "--connection-file")]
    public async Task BadFlag_IsOneLine_AndNothingIsLeftRunning(string flags, string named)
    {
        using var data = new TemporaryDirectory();

        var run = await ProgramRun.OfAsync(SourceTree.At("run"), [.. new RunningInstanceOptions().Arguments(data.Path), .. flags.Split(' ')]);

        await AssertRefusedAsync(run, data.Path, named);
    }

    [Fact]
    public async Task BuildOfAnother_HoldsUpOnlyWhoHasToBuild()
    {
        using var tree = new TemporaryDirectory();
        File.Copy(SourceTree.At("run"), tree.At("run"));
        foreach (var folder in new[] { "src", "protos", "artifacts/run" }) Directory.CreateDirectory(tree.At(folder));
        foreach (var file in new[] { "Directory.Build.props", "artifacts/run/grpcca-server.stamp", "artifacts/run/grpcca-gateway.stamp", "artifacts/run/grpcca.stamp" }) await File.WriteAllTextAsync(tree.At(file), "");

        // A file shared with nobody is one with an exclusive flock.
        using var building = new FileStream(tree.At(".run.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        var built = await ProgramRun.OfAsync(tree.At("run"), ["--build-only"]);
        File.Delete(tree.At("artifacts/run/grpcca.stamp"));
        using var waits = Process.Start(new ProcessStartInfo(tree.At("run"), ["--build-only"]) { RedirectStandardError = true })!;
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            Assert.Equal("waiting for the build of another ./run ...", await waits.StandardError.ReadLineAsync(bound.Token));
            Assert.False(waits.HasExited);
        }
        finally
        {
            waits.Kill(entireProcessTree: true);
        }

        Assert.Equal((0, "", ""), (built.ExitCode, built.Output, built.Errors));
    }

    [Fact]
    public async Task Help_NamesEveryFlag()
    {
        var help = await ProgramRun.SucceedAsync(SourceTree.At("run"), ["--help"]);

        foreach (var flag in new[] { "--data", "--acme", "--http", "--grpc", "--allow", "--http01-port", "--tls-alpn01-port", "--resolver", "--storage", "--connection-file", "--ranges", "--aot" })
            Assert.Contains(flag, help.Output);
    }

    private static readonly IEqualityComparer<IEnumerable<string>> Same =
        EqualityComparer<IEnumerable<string>>.Create((a, b) => a!.Order(StringComparer.Ordinal).SequenceEqual(b!.Order(StringComparer.Ordinal)), _ => 0);

    private static async Task AssertRefusedAsync(ProgramRun run, string data, string named)
    {
        Assert.NotEqual(0, run.ExitCode);
        Assert.Empty(run.Output);
        var line = Assert.Single(run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => !line.EndsWith(" ...", StringComparison.Ordinal));
        Assert.Contains(named, line);
        Assert.Equal(0, await CountProcessesAsync(data));
    }

    private static async Task<IEnumerable<string>> AllowedAsync(string data, params string[] flags)
    {
        await using var instance = await RunningInstance.StartAsync(new() { Data = data, Flags = flags });
        var list = await instance.AdminAsync("names", "list", "--provisioner", "acme", "--output", "json");
        Assert.True(list.ExitCode == 0, list.Said);
        var rules = JsonDocument.Parse(list.Output).RootElement;
        return [.. (rules.ValueKind == JsonValueKind.Array ? rules : rules.GetProperty("nameRules")).EnumerateArray().Select(rule => rule.GetProperty("pattern").GetString()!)];
    }

    private static async Task<int> CountProcessesAsync(string pattern)
    {
        var run = await ProgramRun.OfAsync("pgrep", ["-c", "-f", pattern]);
        return int.Parse(run.Output.Trim());
    }

    private static async Task<string> FingerprintAsync(string certificate)
    {
        var run = await ProgramRun.SucceedAsync("openssl", ["x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"]);
        return run.Output.Split('=')[1].Trim().Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
    }
}
