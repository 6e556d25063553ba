namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>Debian's dehydrated 0.7.0: bash, curl and sed, and no second try after a false badNonce.</summary>
public sealed class DehydratedTests(SharedInstance shared)
{
    [Fact]
    public async Task Dehydrated_Webroot_GetsRenewsAndRevokes()
    {
        using var site = shared.NewSite("dehydrated");
        await using var web = await StaticWeb.StartAsync(site);
        await File.WriteAllTextAsync(site.At("config"), $"""
            CA="{site.Instance.Directory}"
            BASEDIR="{site.Home}"
            WELLKNOWN="{web.Challenges}"
            CURL_OPTS="--cacert {site.Instance.RootFile}"
            RENEW_DAYS=30
            """);
        await File.WriteAllTextAsync(site.At("domains.txt"), site.Name + "\n");

        await DehydratedAsync(site, "--register", "--accept-terms");
        await DehydratedAsync(site, "--cron");
        using var first = await Issued.CheckAsync(site, Chain(site));
        await DehydratedAsync(site, "--cron", "--force");
        using var second = await Issued.CheckAsync(site, Chain(site));
        await DehydratedAsync(site, "--revoke", site.At("certs", site.Name, "cert.pem"));

        Assert.NotEqual(first.Serial, second.Serial);
        await first.AssertStateAsync("VALID");
        await second.AssertStateAsync("REVOKED");
    }

    private static string Chain(TestSite site) => site.At("certs", site.Name, "fullchain.pem");

    private static async Task DehydratedAsync(TestSite site, params string[] arguments)
    {
        var run = await ProgramRun.OfAsync("dehydrated", ["--config", site.At("config"), .. arguments]);
        Assert.True(run.ExitCode == 0, run.Said);
    }
}
