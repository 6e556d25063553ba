using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>Debian's lego by the other challenges, for wildcards, and with an account that somebody vouches for.</summary>
public sealed class LegoChallengeTests(SharedInstance shared)
{
    [Fact]
    public async Task Lego_TlsAlpn01_GetsACertificate()
    {
        using var site = shared.NewSite("alpn");

        await LegoAsync(site, site.Instance.Directory, null, "--tls", "--tls.port", $"{site.Address}:{site.TlsPort}", "-d", site.Name, "run");

        using var issued = await Issued.CheckAsync(site, Chain(site, site.Name));
        await issued.AssertStateAsync("VALID");
    }

    [Fact]
    public async Task Lego_Dns01_GetsANameAndItsWildcard()
    {
        using var site = shared.NewSite("wild");
        await using var zone = await HttpReqZone.StartAsync(shared.Dns);
        await AdminAsync("names", "allow", $"wildcard:{site.Name}", "--provisioner", "acme");

        await LegoAsync(site, site.Instance.Directory, zone.Variables,
            "--dns", "httpreq", "--dns.resolvers", shared.Dns.Endpoint.ToString(), "--dns.disable-cp", "-d", site.Name, "-d", $"*.{site.Name}", "run");

        using var issued = await Issued.CheckAsync(site, Chain(site, site.Name));
        var shown = (await issued.ShowAsync()).GetProperty("identifiers").EnumerateArray().Select(i => i.GetString()).Order(StringComparer.Ordinal);
        Assert.Equal([$"dns:*.{site.Name}", $"dns:{site.Name}"], shown);
    }

    [Fact]
    public async Task Lego_ForAWildcardThatNoRuleAllows_IsToldSo()
    {
        using var site = shared.NewSite("nowild");

        var run = await RunAsync(site, site.Instance.Directory, null, "--http", "--http.port", $"{site.Address}:{site.Port}", "-d", $"*.{site.Name}", "run");

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("urn:ietf:params:acme:error:rejectedIdentifier", run.Said);
        Assert.Contains($"*.{site.Name}", run.Said);
    }

    [Fact]
    public async Task Lego_WhereAccountsMustBeVouchedFor_NeedsTheKey()
    {
        using var site = shared.NewSite("eab");
        await AdminAsync("provisioner", "create", "vouched", "--authority", "main", "--profile", "default", "--external-account-required");
        await AdminAsync("names", "allow", "subtree:test", "--provisioner", "vouched");
        var created = await shared.Instance.AdminAsync("eab-key", "create", "--id", "lego-guest", "--provisioner", "vouched", "--allow", $"exact:{site.Name}");
        Assert.True(created.ExitCode == 0, created.Said);
        var mac = created.Output.Trim().Split('\n')[^1].Trim();
        var directory = $"{site.Instance.Origin}/acme/vouched/directory";
        string[] http = ["--http", "--http.port", $"{site.Address}:{site.Port}"];

        var without = await RunAsync(site, directory, null, [.. http, "-d", site.Name, "run"]);
        await LegoAsync(site, directory, null, [.. http, "--eab", "--kid", "lego-guest", "--hmac", mac, "-d", site.Name, "run"]);
        using var issued = await Issued.CheckAsync(site, Chain(site, site.Name));
        using var other = shared.NewSite("eab-other");
        var beyond = await RunAsync(site, directory, null, "--http", "--http.port", $"{other.Address}:{other.Port}", "--eab", "--kid", "lego-guest", "--hmac", mac, "-d", other.Name, "run");
        var account = (await issued.ShowAsync()).GetProperty("account").GetString()!;
        var shown = await shared.Instance.AdminAsync("account", "show", account, "-o", "json");

        Assert.NotEqual(0, without.ExitCode);
        // lego itself refuses when the directory says that a binding is required.
        Assert.Contains("EAB", without.Said, StringComparison.OrdinalIgnoreCase);
        Assert.NotEqual(0, beyond.ExitCode);
        Assert.True(beyond.Said.Contains("urn:ietf:params:acme:error:rejectedIdentifier", StringComparison.Ordinal), beyond.Said);
        Assert.Contains("eabKeys/lego-guest", beyond.Said);
        Assert.Contains("\"eabKey\": \"eabKeys/lego-guest\"", shown.Output);
    }

    // As security.acme calls it: a directory for each certificate, one account, all timers at once.
    [Fact]
    public async Task Lego_ManyCertificatesOnOneAccount_AtOnce_AsNixosDoes()
    {
        using var first = shared.NewSite("nixos");
        var directory = $"{first.Instance.Origin}/acme/nixos/directory";
        string[] flags = ["--key-type", "ec256"];
        await LegoAsync(first, directory, null, [.. flags, "--http", "--http.port", $"{first.Address}:{first.Port}", "-d", first.Name, "run"]);
        var sites = Enumerable.Range(0, 4).Select(_ => shared.NewSite("nixos")).ToList();
        foreach (var site in sites) CopyTree(first.At(".lego", "accounts"), site.At(".lego", "accounts"));

        await Task.WhenAll(sites.Select(site => LegoAsync(site, directory, null, [.. flags, "--http", "--http.port", $"{site.Address}:{site.Port}", "-d", site.Name, "run"])));
        // With sixty days left and --days 30 nothing is due.
        await Task.WhenAll(sites.Select(site => LegoAsync(site, directory, null,
            [.. flags, "--http", "--http.port", $"{site.Address}:{site.Port}", "-d", site.Name, "renew", "--no-random-sleep", "--days", "30"])));

        var accounts = new HashSet<string>();
        foreach (var site in sites)
        {
            using var issued = await Issued.CheckAsync(site, Chain(site, site.Name));
            accounts.Add((await issued.ShowAsync()).GetProperty("account").GetString()!);
            site.Dispose();
        }
        Assert.Single(accounts);
    }

    private static string Chain(TestSite site, string name) => site.At(".lego", "certificates", name + ".crt");

    private static async Task LegoAsync(TestSite site, string directory, IReadOnlyDictionary<string, string>? variables, params string[] arguments)
    {
        var run = await RunAsync(site, directory, variables, arguments);
        Assert.True(run.ExitCode == 0, run.Said);
    }

    private static Task<ProgramRun> RunAsync(TestSite site, string directory, IReadOnlyDictionary<string, string>? variables, params string[] arguments) => ProgramRun.OfAsync("lego",
        ["--accept-tos", "--path", site.At(".lego"), "--email", "admin@home.test", "--server", directory, .. arguments],
        variables: new Dictionary<string, string>(variables ?? new Dictionary<string, string>()) { ["LEGO_CA_CERTIFICATES"] = site.Instance.RootFile });

    private async Task AdminAsync(params string[] arguments)
    {
        var run = await shared.Instance.AdminAsync(arguments);
        Assert.True(run.ExitCode == 0, run.Said);
    }

    private static void CopyTree(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories)) Directory.CreateDirectory(directory.Replace(from, to, StringComparison.Ordinal));
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories)) File.Copy(file, file.Replace(from, to, StringComparison.Ordinal));
    }

    /// <summary>What lego's provider <c>httpreq</c> tells to set TXT records.</summary>
    private sealed class HttpReqZone : IAsyncDisposable
    {
        private readonly WebApplication web;

        private HttpReqZone(WebApplication web) => this.web = web;

        public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
        {
            ["HTTPREQ_ENDPOINT"] = web.Urls.Single(), ["HTTPREQ_PROPAGATION_TIMEOUT"] = "10", ["HTTPREQ_POLLING_INTERVAL"] = "1",
        };

        public static async Task<HttpReqZone> StartAsync(DnsResponder dns)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
            var web = builder.Build();
            web.Run(async http =>
            {
                using var body = await JsonDocument.ParseAsync(http.Request.Body);
                var name = body.RootElement.GetProperty("fqdn").GetString()!.TrimEnd('.');
                if (http.Request.Path == "/present") dns.Txt(name, body.RootElement.GetProperty("value").GetString()!);
                else if (http.Request.Path != "/cleanup") http.Response.StatusCode = 404;
            });
            await web.StartAsync();
            return new(web);
        }

        public ValueTask DisposeAsync() => web.DisposeAsync();
    }
}
