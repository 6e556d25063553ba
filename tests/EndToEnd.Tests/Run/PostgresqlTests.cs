using GrpcCa.EndToEnd.Tests.Clients;

namespace GrpcCa.EndToEnd.Tests.Run;

/// <summary><c>./run --storage postgresql</c>: certbot gets, renews and revokes, and a second start finds it all again.</summary>
public sealed class PostgresqlTests
{
    [Fact]
    [Trait("Long", "true")]
    public async Task Run_OnPostgresql_IssuesToCertbot_AndFindsItAgain()
    {
        await using var server = await PostgresServer.StartAsync();
        using var home = new TemporaryDirectory();
        using var data = new TemporaryDirectory();
        var options = new RunningInstanceOptions { Data = data.Path, Flags = ["--storage", "postgresql", "--connection-file", await server.CreateDatabaseAsync()] };
        string serial;
        await using (var instance = await RunningInstance.StartAsync(options))
        {
            await CertbotAsync(home, instance, "certonly", "--standalone", "--http-01-port", $"{options.Http01Port}", "-d", "nas.localhost", "--agree-tos", "--register-unsafely-without-email");
            await CertbotAsync(home, instance, "renew", "--force-renewal", "--no-random-sleep-on-renew");
            using var site = new TestSite("nas.localhost", System.Net.IPAddress.Loopback, instance);
            using var issued = await Issued.CheckAsync(site, home.At("config", "live", "nas.localhost", "fullchain.pem"));
            serial = issued.Serial;
            instance.AssertLogsWithoutStacks();
        }

        await using var again = await RunningInstance.StartAsync(options);
        await CertbotAsync(home, again, "revoke", "--cert-name", "nas.localhost", "--no-delete-after-revoke");
        var shown = await again.AdminAsync("certificate", "show", serial, "-o", "json");

        Assert.Contains("STATE_REVOKED", shown.Output);
        Assert.False(File.Exists(data.At("grpcca.db")), "there is an embedded store beside PostgreSQL");
    }

    private static async Task CertbotAsync(TemporaryDirectory home, RunningInstance instance, params string[] arguments)
    {
        var run = await ProgramRun.OfAsync("certbot",
            [.. arguments, "--server", instance.Directory, "--non-interactive", "--config-dir", home.At("config"), "--work-dir", home.At("work"), "--logs-dir", home.At("logs")],
            variables: new Dictionary<string, string> { ["REQUESTS_CA_BUNDLE"] = instance.RootFile });
        Assert.True(run.ExitCode == 0, run.Said);
    }
}
