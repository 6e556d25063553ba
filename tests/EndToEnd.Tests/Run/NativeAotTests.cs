namespace GrpcCa.EndToEnd.Tests.Run;

/// <summary>The same programs as Native AOT binaries: what protobuf and reflection do there is seen here, not assumed.</summary>
[Trait("Long", "true")]
public sealed class NativeAotTests
{
    private const int NotFound = 3;

    [Fact]
    public async Task NativeBinaries_BuildWithoutWarnings_AndDoTheWholeWay()
    {
        await using var dns = DnsResponder.Start();
        await using var instance = await RunningInstance.StartAsync(new() { Resolver = dns.Endpoint, Flags = ["--aot"] });
        foreach (var log in Directory.GetFiles(SourceTree.At("artifacts", "aot"), "*.log"))
            Assert.DoesNotContain("warning", await File.ReadAllTextAsync(log), StringComparison.OrdinalIgnoreCase);
        using var site = new TestSite("aot.test", new([127, 0, 0, 1]), instance);
        dns.A(site.Name, "127.0.0.1");

        var certbot = await ProgramRun.OfAsync("certbot",
            [
                "certonly", "--standalone", "--http-01-address", "127.0.0.1", "--http-01-port", $"{site.Port}", "-d", site.Name, "--server", instance.Directory,
                "--non-interactive", "--agree-tos", "--register-unsafely-without-email", "--config-dir", site.At("config"), "--work-dir", site.At("work"), "--logs-dir", site.At("logs"),
            ],
            variables: new Dictionary<string, string> { ["REQUESTS_CA_BUNDLE"] = instance.RootFile });
        Assert.True(certbot.ExitCode == 0, certbot.Said);
        using var issued = await Issued.CheckAsync(site, site.At("config", "live", site.Name, "fullchain.pem"));

        await AssertCliAsync(instance, issued.Serial);
        await AssertApiAsync(instance);
        instance.AssertLogsWithoutStacks();
    }

    private static async Task AssertCliAsync(RunningInstance instance, string serial)
    {
        var shown = await CliAsync(instance, "certificate", "show", serial, "--output", "json");
        Assert.True(shown.ExitCode == 0, shown.Said);
        Assert.Contains("STATE_VALID", shown.Output);
        var status = await CliAsync(instance, "status");
        Assert.True(status.ExitCode == 0, status.Said);
        // A rich error: reason and resource come from google.rpc details.
        var missing = await CliAsync(instance, "certificate", "show", "00000000000000000000000000000001");
        Assert.Equal(NotFound, missing.ExitCode);
    }

    private static async Task AssertApiAsync(RunningInstance instance)
    {
        var socket = instance.AdminServer["unix:".Length..];
        var services = await CurlAsync(socket, "http://localhost", "--list-services");
        Assert.True(services.ExitCode == 0, services.Said);
        Assert.Contains("grpcca.v1.CertificateService", services.Output);
        var field = await CurlAsync(socket, "http://localhost/grpcca.v1.CertificateService/GetCertificate", "--data", "{}");
        Assert.Contains("invalid_argument", field.Said);
        Assert.Contains("google.rpc.BadRequest", field.Said);
        Assert.Contains("name", field.Said);
    }

    private static Task<ProgramRun> CliAsync(RunningInstance instance, params string[] arguments) =>
        ProgramRun.OfAsync(SourceTree.At("artifacts", "aot", "grpcca", "grpcca"), [.. arguments, "--server", instance.AdminServer]);

    private static Task<ProgramRun> CurlAsync(string socket, string url, params string[] arguments) =>
        ProgramRun.OfAsync(NodeModules.Program("buf"), ["curl", "--protocol", "grpc", "--unix-socket", socket, .. arguments, url], Path.GetTempPath());
}
