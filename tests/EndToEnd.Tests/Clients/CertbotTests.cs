namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>Debian's certbot, by both of its ways of answering http-01.</summary>
public sealed class CertbotTests(SharedInstance shared)
{
    [Fact]
    public async Task Certbot_Standalone_GetsRenewsAndRevokesByAccount()
    {
        using var site = shared.NewSite("certbot");

        await CertbotAsync(site, "certonly", "--standalone", "--http-01-address", site.Address.ToString(), "--http-01-port", $"{site.Port}", "-d", site.Name);
        using var first = await Issued.CheckAsync(site, Chain(site));
        await CertbotAsync(site, "renew", "--force-renewal", "--no-random-sleep-on-renew");
        using var second = await Issued.CheckAsync(site, Chain(site));
        await CertbotAsync(site, "revoke", "--cert-name", site.Name, "--reason", "superseded", "--no-delete-after-revoke");

        Assert.NotEqual(first.Serial, second.Serial);
        await first.AssertStateAsync("VALID");
        await second.AssertStateAsync("REVOKED");
        Assert.Equal("REVOCATION_REASON_SUPERSEDED", (await second.ShowAsync()).GetProperty("revocationReason").GetString());
        var again = await RunAsync(site, "revoke", "--cert-path", Chain(site), "--no-delete-after-revoke");
        Assert.NotEqual(0, again.ExitCode);
        Assert.Contains("urn:ietf:params:acme:error:alreadyRevoked", await File.ReadAllTextAsync(site.At("logs", "letsencrypt.log")));
    }

    [Fact]
    public async Task Certbot_Webroot_GetsAndRevokesByTheCertificateKey()
    {
        using var site = shared.NewSite("webroot");
        await using var web = await StaticWeb.StartAsync(site);

        await CertbotAsync(site, "certonly", "--webroot", "-w", web.Root, "-d", site.Name);
        using var issued = await Issued.CheckAsync(site, Chain(site));
        var live = site.At("config", "live", site.Name);
        await CertbotAsync(site, "revoke", "--cert-path", Path.Combine(live, "cert.pem"), "--key-path", Path.Combine(live, "privkey.pem"), "--reason", "keycompromise", "--no-delete-after-revoke");

        await issued.AssertStateAsync("REVOKED");
        Assert.Equal("REVOCATION_REASON_KEY_COMPROMISE", (await issued.ShowAsync()).GetProperty("revocationReason").GetString());
    }

    private static string Chain(TestSite site) => site.At("config", "live", site.Name, "fullchain.pem");

    private static async Task CertbotAsync(TestSite site, params string[] arguments)
    {
        var run = await RunAsync(site, arguments);
        Assert.True(run.ExitCode == 0, run.Said);
    }

    private static Task<ProgramRun> RunAsync(TestSite site, params string[] arguments) => ProgramRun.OfAsync("certbot",
        [
            .. arguments, "--server", site.Instance.Directory, "--non-interactive", "--agree-tos", "--register-unsafely-without-email",
            "--config-dir", site.At("config"), "--work-dir", site.At("work"), "--logs-dir", site.At("logs"),
        ],
        variables: new Dictionary<string, string> { ["REQUESTS_CA_BUNDLE"] = site.Instance.RootFile });
}
