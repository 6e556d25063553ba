namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>Debian's acme-tiny: 200 lines of Python; it gets and renews, and cannot revoke.</summary>
public sealed class AcmeTinyTests(SharedInstance shared)
{
    [Fact]
    public async Task AcmeTiny_Webroot_GetsAndRenews()
    {
        using var site = shared.NewSite("tiny");
        await using var web = await StaticWeb.StartAsync(site);
        await ProgramRun.SucceedAsync("openssl", ["genrsa", "-out", site.At("account.key"), "2048"]);
        await ProgramRun.SucceedAsync("openssl", ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", site.At("site.key"), "-subj", "/", "-addext", $"subjectAltName=DNS:{site.Name}", "-out", site.At("site.csr")]);

        using var first = await GetAsync(site, web, "first.pem");
        using var second = await GetAsync(site, web, "second.pem");

        Assert.NotEqual(first.Serial, second.Serial);
        await first.AssertStateAsync("VALID");
        await second.AssertStateAsync("VALID");
    }

    private static async Task<Issued> GetAsync(TestSite site, StaticWeb web, string file)
    {
        // It would look for its own answer on port 80 first.
        var run = await ProgramRun.OfAsync("acme-tiny",
            ["--account-key", site.At("account.key"), "--csr", site.At("site.csr"), "--acme-dir", web.Challenges, "--directory-url", site.Instance.Directory, "--disable-check"],
            variables: new Dictionary<string, string> { ["SSL_CERT_FILE"] = site.Instance.RootFile });
        Assert.True(run.ExitCode == 0, run.Said);
        await File.WriteAllTextAsync(site.At(file), run.Output);
        return await Issued.CheckAsync(site, site.At(file));
    }
}
