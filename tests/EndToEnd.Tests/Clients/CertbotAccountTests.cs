namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>What certbot does to accounts: it changes contacts and gives the account up.</summary>
public sealed class CertbotAccountTests(SharedInstance shared)
{
    [Fact]
    public async Task Certbot_UpdateAccountThenUnregister_ChangesContactsAndDeactivates()
    {
        using var site = shared.NewSite("account");
        await CertbotAsync(site, "register", "--agree-tos", "--email", "old@home.test", "--no-eff-email");
        await CertbotAsync(site, "certonly", "--standalone", "--http-01-address", site.Address.ToString(), "--http-01-port", $"{site.Port}", "-d", site.Name);
        using var issued = await Issued.CheckAsync(site, site.At("config", "live", site.Name, "fullchain.pem"));
        var account = (await issued.ShowAsync()).GetProperty("account").GetString()!;

        var before = await AccountAsync(account);
        await CertbotAsync(site, "update_account", "--email", "new@home.test,second@home.test", "--no-eff-email");
        var after = await AccountAsync(account);
        var shown = await CertbotAsync(site, "show_account");
        await CertbotAsync(site, "unregister");
        var gone = await AccountAsync(account);

        Assert.Contains("mailto:old@home.test", before);
        Assert.DoesNotContain("mailto:old@home.test", after);
        Assert.Contains("mailto:new@home.test", after);
        Assert.Contains("mailto:second@home.test", after);
        Assert.Contains("new@home.test", shown.Said);
        Assert.Contains("STATE_VALID", after);
        Assert.Contains("STATE_DEACTIVATED", gone);
        // A7: the certificates of a deactivated account stay what they are.
        await issued.AssertStateAsync("VALID");
    }

    private async Task<string> AccountAsync(string account)
    {
        var run = await shared.Instance.AdminAsync("account", "show", account, "-o", "json");
        Assert.True(run.ExitCode == 0, run.Said);
        return run.Output;
    }

    private static async Task<ProgramRun> CertbotAsync(TestSite site, params string[] arguments)
    {
        var run = await ProgramRun.OfAsync("certbot",
            [.. arguments, "--server", site.Instance.Directory, "--non-interactive", "--config-dir", site.At("config"), "--work-dir", site.At("work"), "--logs-dir", site.At("logs")],
            variables: new Dictionary<string, string> { ["REQUESTS_CA_BUNDLE"] = site.Instance.RootFile });
        Assert.True(run.ExitCode == 0, run.Said);
        return run;
    }
}
