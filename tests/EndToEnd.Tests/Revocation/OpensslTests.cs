using System.Globalization;
using System.Text.RegularExpressions;

namespace GrpcCa.EndToEnd.Tests.Revocation;

/// <summary>A revocation is seen by openssl, soon, through what a gateway serves.</summary>
public sealed partial class OpensslTests(SharedInstance shared)
{
    [Fact]
    public async Task Revoke_ByTheCli_IsSeenSoon_AndOthersStayGood()
    {
        using var revoked = await RevokedSite.IssueAsync(shared.NewSite("revoked"));
        using var good = await RevokedSite.IssueAsync(shared.NewSite("good"));
        var before = await revoked.VerifyAsync();
        Assert.True(before.ExitCode == 0, before.Said);

        await revoked.RevokeAsync("superseded");

        // A second or two; on a busy machine a little more.
        Assert.InRange(await revoked.UntilRevokedAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        var other = await good.VerifyAsync();
        Assert.True(other.ExitCode == 0, other.Said);
    }

    [Fact]
    public async Task Revoke_ByCertbot_IsSeenSoon()
    {
        var site = shared.NewSite("certbot-revokes");
        using var lists = new RevokedSite(site);
        await CertbotAsync(site, "certonly", "--standalone", "--http-01-address", site.Address.ToString(), "--http-01-port", $"{site.Port}", "-d", site.Name);
        var chain = site.At("config", "live", site.Name, "fullchain.pem");
        var before = await lists.VerifyAsync(chain);
        Assert.True(before.ExitCode == 0, before.Said);

        await CertbotAsync(site, "revoke", "--cert-name", site.Name, "--reason", "keycompromise", "--no-delete-after-revoke");

        await lists.UntilRevokedAsync(chain);
    }

    [Fact]
    public async Task List_AsText_HasEntriesReasonsAndNumber_AndNumbersIncrease()
    {
        using var first = await RevokedSite.IssueAsync(shared.NewSite("text-one"));
        using var second = await RevokedSite.IssueAsync(shared.NewSite("text-two"));
        await first.RevokeAsync("keyCompromise");
        await first.UntilRevokedAsync();
        var before = await TextAsync(first);
        await second.RevokeAsync("unspecified");
        await second.UntilRevokedAsync();
        var after = await TextAsync(second);

        Assert.Matches($"(?s)Serial Number: {first.Serial()}.{{1,200}}Key Compromise", before);
        Assert.Contains("X509v3 Authority Key Identifier", after, StringComparison.Ordinal);
        Assert.Matches($"Serial Number: {second.Serial()}\n +Revocation Date: [^\n]+\n( +Serial| +Signature)", after);
        Assert.True(NumberOf(after) > NumberOf(before), $"{NumberOf(after)} after {NumberOf(before)}");
    }

    [Fact]
    public async Task Pointers_InTheLeaf_LeadToListAndIssuer()
    {
        using var site = await RevokedSite.IssueAsync(shared.NewSite("pointers"));
        var text = (await ProgramRun.OfAsync("openssl", ["x509", "-in", site.Chain, "-noout", "-text"])).Output;
        var urls = Url().Matches(text).Select(m => m.Groups[1].Value).ToList();
        Assert.Equal(2, urls.Count);
        var (crl, issuer) = (urls[0], urls[1]);

        var fetched = Path.Combine(Path.GetDirectoryName(site.Crls)!, "fetched");
        await ProgramRun.SucceedAsync("curl", ["--silent", "--show-error", "--fail", "--noproxy", "*", "--output", fetched + ".cer", issuer]);
        await ProgramRun.SucceedAsync("curl", ["--silent", "--show-error", "--fail", "--noproxy", "*", "--output", fetched + ".crl", crl]);
        await ProgramRun.SucceedAsync("openssl", ["x509", "-inform", "DER", "-in", fetched + ".cer", "-out", fetched + ".pem"]);
        var verified = await ProgramRun.OfAsync("openssl", ["crl", "-inform", "DER", "-in", fetched + ".crl", "-noout", "-CAfile", fetched + ".pem"]);
        Assert.Contains("verify OK", verified.Said, StringComparison.Ordinal);
        await ProgramRun.SucceedAsync("openssl", ["verify", "-partial_chain", "-trusted", fetched + ".pem", site.Chain]);
    }

    private static async Task<string> TextAsync(RevokedSite site)
    {
        await site.FetchAsync();
        // The first list of the file: that of the issuer.
        return (await ProgramRun.OfAsync("openssl", ["crl", "-in", site.Crls, "-noout", "-text"])).Output;
    }

    private static long NumberOf(string text) => long.Parse(Number().Match(text).Groups[1].Value, CultureInfo.InvariantCulture);

    private static async Task CertbotAsync(TestSite site, params string[] arguments)
    {
        var run = await ProgramRun.OfAsync("certbot",
            [
                .. arguments, "--server", site.Instance.Directory, "--non-interactive", "--agree-tos", "--register-unsafely-without-email",
                "--config-dir", site.At("config"), "--work-dir", site.At("work"), "--logs-dir", site.At("logs"),
            ],
            variables: new Dictionary<string, string> { ["REQUESTS_CA_BUNDLE"] = site.Instance.RootFile });
        Assert.True(run.ExitCode == 0, run.Said);
    }

    [GeneratedRegex("URI:(http://[^\\s]+)")]
    private static partial Regex Url();

    [GeneratedRegex("X509v3 CRL Number: \\s+(\\d+)")]
    private static partial Regex Number();
}
