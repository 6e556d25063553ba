using GrpcCa.EndToEnd.Tests.Durability.Disks;

namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>Debian's uacme: it trusts the machine's bundle alone, so it runs in a mount namespace that shows it another one.</summary>
[Collection(MountedDisk.Collection)]
public sealed class UacmeTests(SharedInstance shared)
{
    private const string Bundle = "/etc/ssl/certs/ca-certificates.crt";

    [Fact]
    public async Task Uacme_WithAHook_GetsRenewsAndRevokes()
    {
        using var site = shared.NewSite("uacme");
        await using var web = await StaticWeb.StartAsync(site);
        await WriteHookAsync(site, web);

        await UacmeAsync(site, "new", "admin@home.test");
        await UacmeAsync(site, "issue", site.Name);
        using var first = await Issued.CheckAsync(site, Chain(site));
        await UacmeAsync(site, "-f", "issue", site.Name);
        using var second = await Issued.CheckAsync(site, Chain(site));
        await UacmeAsync(site, "revoke", Chain(site));

        Assert.NotEqual(first.Serial, second.Serial);
        await first.AssertStateAsync("VALID");
        await second.AssertStateAsync("REVOKED");
    }

    [Fact]
    public async Task Uacme_Newkey_RollsTheAccountKeyOver()
    {
        using var site = shared.NewSite("newkey");
        await using var web = await StaticWeb.StartAsync(site);
        await WriteHookAsync(site, web);
        await UacmeAsync(site, "new");
        await UacmeAsync(site, "issue", site.Name);
        using var first = await Issued.CheckAsync(site, Chain(site));
        var account = (await first.ShowAsync()).GetProperty("account").GetString()!;
        var before = await ThumbprintAsync(account);

        await UacmeAsync(site, "newkey");
        await UacmeAsync(site, "-f", "issue", site.Name);
        using var second = await Issued.CheckAsync(site, Chain(site));
        var after = await ThumbprintAsync(account);

        Assert.NotEqual(before, after);
        Assert.Equal(account, (await second.ShowAsync()).GetProperty("account").GetString());
    }

    private async Task<string> ThumbprintAsync(string account)
    {
        var run = await shared.Instance.AdminAsync("account", "show", account, "-o", "json");
        Assert.True(run.ExitCode == 0, run.Said);
        return System.Text.Json.JsonDocument.Parse(run.Output).RootElement.GetProperty("keyThumbprint").GetString()!;
    }

    private static string Chain(TestSite site) => site.At("uacme", site.Name, "cert.pem");

    // uacme calls: HOOK begin|done|failed TYPE IDENT TOKEN AUTH; a code other than 0 declines the challenge type.
    private static async Task WriteHookAsync(TestSite site, StaticWeb web)
    {
        await File.WriteAllTextAsync(site.At("hook"), $"""
            #!/bin/sh
            [ "$2" = http-01 ] || exit 1
            case $1 in
              begin) printf %s "$5" > "{web.Challenges}/$4" ;;
              *) rm -f "{web.Challenges}/$4" ;;
            esac
            """);
        File.SetUnixFileMode(site.At("hook"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static async Task UacmeAsync(TestSite site, params string[] arguments)
    {
        string[] uacme = ["uacme", "-v", "-y", "-c", site.At("uacme"), "-a", site.Instance.Directory, "-h", site.At("hook"), .. arguments];
        // Without root, a user namespace gives the right to mount.
        string[] unshare = string.Equals(Environment.UserName, "root", StringComparison.Ordinal) ? ["--mount"] : ["--mount", "--map-root-user"];
        var run = await ProgramRun.OfAsync("unshare", [.. unshare, "sh", "-c", $"mount --bind \"$0\" {Bundle} && exec \"$@\"", site.Instance.RootFile, .. uacme]);
        Assert.True(run.ExitCode == 0, run.Said);
    }
}
