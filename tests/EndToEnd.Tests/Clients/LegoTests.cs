namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>Debian's lego, which is what NixOS runs; and a name under <c>localhost</c>, which no resolver knows.</summary>
public sealed class LegoTests(SharedInstance shared)
{
    [Fact]
    public async Task Lego_Http01_GetsRenewsAndRevokes()
    {
        using var site = shared.NewSite("lego");

        await LegoAsync(site, site.Name, $"{site.Address}:{site.Port}", "run");
        using var first = await Issued.CheckAsync(site, Chain(site));
        await LegoAsync(site, site.Name, $"{site.Address}:{site.Port}", "renew", "--days", "400", "--no-random-sleep");
        using var second = await Issued.CheckAsync(site, Chain(site));
        await LegoAsync(site, site.Name, $"{site.Address}:{site.Port}", "revoke", "--keep");

        Assert.NotEqual(first.Serial, second.Serial);
        await first.AssertStateAsync("VALID");
        await second.AssertStateAsync("REVOKED");
    }

    [Fact]
    public async Task Lego_OnceRevoked_IsToldAlreadyRevoked()
    {
        using var site = shared.NewSite("again");
        await LegoAsync(site, site.Name, $"{site.Address}:{site.Port}", "run");
        await LegoAsync(site, site.Name, $"{site.Address}:{site.Port}", "revoke", "--keep");

        var again = await RunAsync(site, site.Name, $"{site.Address}:{site.Port}", "revoke", "--keep");

        Assert.NotEqual(0, again.ExitCode);
        Assert.Contains("urn:ietf:params:acme:error:alreadyRevoked", again.Said);
    }

    [Fact]
    public async Task Lego_ForANameUnderLocalhost_IsValidatedOnLoopback()
    {
        using var site = shared.NewSite("unused") with { Name = "lego.localhost" };

        await LegoAsync(site, site.Name, $"127.0.0.1:{site.Port}", "run");

        using var issued = await Issued.CheckAsync(site, Chain(site));
        await issued.AssertStateAsync("VALID");
    }

    private static string Chain(TestSite site) => site.At(".lego", "certificates", site.Name + ".crt");

    private static async Task LegoAsync(TestSite site, string name, string listen, params string[] command)
    {
        var run = await RunAsync(site, name, listen, command);
        Assert.True(run.ExitCode == 0, run.Said);
    }

    private static Task<ProgramRun> RunAsync(TestSite site, string name, string listen, params string[] command) => ProgramRun.OfAsync("lego",
        [
            "--accept-tos", "--path", site.At(".lego"), "--email", "admin@home.test", "--server", site.Instance.Directory,
            "--http", "--http.port", listen, "--key-type", "ec256", "-d", name, .. command,
        ],
        variables: new Dictionary<string, string> { ["LEGO_CA_CERTIFICATES"] = site.Instance.RootFile });
}
