using System.Diagnostics;
using System.Text.Json;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests;

/// <summary>The program as a process of its own; GRPCCA_CLI names a published binary to test instead of the built one.</summary>
public sealed class ProcessTests
{
    private static Process Start(FakeControlPlane fake, params string[] args)
    {
        var binary = Environment.GetEnvironmentVariable("GRPCCA_CLI");
        var start = new ProcessStartInfo(binary ?? "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = fake.Directory,
        };
        if (binary is null)
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "grpcca.dll"));
        }
        foreach (var arg in args) start.ArgumentList.Add(arg);
        start.Environment["HOME"] = fake.Directory;
        start.Environment.Remove("GRPCCA_SERVER");
        return Process.Start(start)!;
    }

    private static async Task<Run> RunAsync(FakeControlPlane fake, params string[] args)
    {
        using var process = Start(fake, args);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Run(process.ExitCode, await output, await error);
    }

    [Fact]
    public async Task Process_OfEveryListAndShow_PrintsWhatTheLibraryPrints()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        string[] lines =
        [
            "status", "status -o json", "provisioner list", "provisioner show acme", "provisioner show acme -o json", "profile list -o json", "names list", "names list -o json",
            "certificate list", "certificate show 6a00000000000001 -o json", "order show o1", "order show o1 -o json", "account list -o json", "gateway list", "gateway show home -o json",
            "operator list -o json", "authority show", "authority show -o json", "audit list -o json", "--help", "names allow --help", "--version",
        ];
        foreach (var line in lines)
        {
            // "in 12h" may become "in 11h" in between.
            var before = await new Cli(fake) { Now = TimeProvider.System.GetUtcNow() }.RunAsync(line);
            var there = await RunAsync(fake, line.Split(' '));
            var after = await new Cli(fake) { Now = TimeProvider.System.GetUtcNow() }.RunAsync(line);
            Assert.Contains(there with { Out = there.Out.Replace(fake.Directory, "DIR", StringComparison.Ordinal) }, new List<Run> { before, after });
        }
    }

    [Fact]
    public async Task Process_OfEveryKindOfFailure_EndsWithItsCode()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        Assert.Equal(ExitCodes.Failed, (await RunAsync(fake, "certificate", "revoke", "6a00000000000001", "--yes")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await RunAsync(fake, "certificate", "revoke", "6a00000000000001")).ExitCode);
        Assert.Equal(ExitCodes.NotFound, (await RunAsync(fake, "gateway", "show", "nobody")).ExitCode);
        Assert.Equal(ExitCodes.NotAllowed, (await RunAsync(fake, "operator", "create", "mallory", "--role", "owner")).ExitCode);
        Assert.Equal(ExitCodes.Unreachable, (await RunAsync(fake, "status", "--server", "unix:/nowhere")).ExitCode);
        Assert.Equal(ExitCodes.NameRefused, (await RunAsync(fake, "names", "test", "nas.example", "-p", "acme")).ExitCode);
        var refused = await RunAsync(fake, "names", "allow", "exact:a..b", "-p", "acme", "-o", "json");
        Assert.Equal(ExitCodes.Failed, refused.ExitCode);
        using var json = JsonDocument.Parse(refused.Error);
        Assert.Equal("name_rule.pattern", json.RootElement.GetProperty("error").GetProperty("fields")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task Process_Interrupted_EndsWith130AtOnce()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Hangs = true;
        using var process = Start(fake, "provisioner", "list", "--timeout", "10m");
        await Waiting.UntilAsync(() => fake.Requests.OfType<ListProvisionersRequest>().Any());
        using (var kill = Process.Start("kill", ["-INT", $"{process.Id}"])) await kill.WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(ExitCodes.Interrupted, process.ExitCode);
        Assert.Empty(await process.StandardError.ReadToEndAsync());
    }

    [Fact]
    public async Task Process_Login_WorksOverTls()
    {
        await using var fake = await FakeControlPlane.StartAsync(TimeProvider.System.GetUtcNow().AddMinutes(-5));
        var login = await RunAsync(fake, "login", fake.Identities.Token(fake.Port).Encode());
        Assert.Equal((ExitCodes.Ok, $"logged in to localhost:{fake.Port}; the identity is in {fake.Directory}/.config/grpcca/identity\n"), (login.ExitCode, login.Error));
        var status = await RunAsync(fake, "status", "--server", $"localhost:{fake.Port}");
        Assert.Equal((ExitCodes.Ok, ""), (status.ExitCode, status.Error));
    }
}
