using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.EndToEnd.Tests.Revocation;

/// <summary>A certificate that lego brought home, and what openssl makes of it with the lists of now.</summary>
internal sealed class RevokedSite(TestSite site) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public string Name => site.Name;

    public string Chain => site.At("lego", "certificates", site.Name + ".crt");

    public string Key => site.At("lego", "certificates", site.Name + ".key");

    public string Crls => site.At("crl.pem");

    private static string Http(TestSite site) => $"http://127.0.0.1:{site.Instance.Options.HttpPort}";

    /// <summary>Gets a certificate by http-01.</summary>
    public static async Task<RevokedSite> IssueAsync(TestSite site)
    {
        var lego = await ProgramRun.OfAsync("lego",
            ["--accept-tos", "--path", site.At("lego"), "--email", "admin@home.test", "--server", site.Instance.Directory, "--http", "--http.port", $"{site.Address}:{site.Port}", "-d", site.Name, "run"],
            variables: new Dictionary<string, string> { ["LEGO_CA_CERTIFICATES"] = site.Instance.RootFile });
        Assert.True(lego.ExitCode == 0, lego.Said);
        return new RevokedSite(site);
    }

    /// <summary>The serial number as openssl prints it.</summary>
    public string Serial()
    {
        using var leaf = X509CertificateLoader.LoadCertificateFromFile(Chain);
        return leaf.SerialNumber.TrimStart('0').PadLeft(32, '0');
    }

    public async Task RevokeAsync(string reason)
    {
        var run = await site.Instance.AdminAsync("certificate", "revoke", Serial(), "--reason", reason, "--yes");
        Assert.True(run.ExitCode == 0, run.Said);
    }

    /// <summary>Fetches all lists, as a server's cron job does.</summary>
    public Task FetchAsync() => ProgramRun.SucceedAsync("curl", ["--silent", "--show-error", "--fail", "--noproxy", "*", "--output", Crls, Http(site) + "/crl.pem"]);

    /// <summary>openssl's word on the chain with fresh lists.</summary>
    public async Task<ProgramRun> VerifyAsync(string chain)
    {
        await FetchAsync();
        return await ProgramRun.OfAsync("openssl",
            ["verify", "-x509_strict", "-crl_check_all", "-CAfile", site.Instance.RootFile, "-CRLfile", Crls, "-untrusted", chain, chain]);
    }

    public Task<ProgramRun> VerifyAsync() => VerifyAsync(Chain);

    /// <summary>Waits until openssl says that it is revoked; how long that took.</summary>
    public async Task<TimeSpan> UntilRevokedAsync(string? chain = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var run = await VerifyAsync(chain ?? Chain);
            if (run.ExitCode != 0)
            {
                Assert.Contains("certificate revoked", run.Said, StringComparison.Ordinal);
                return TimeProvider.System.GetElapsedTime(began);
            }
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, "openssl still accepts the certificate");
        }
    }

    public void Dispose() => site.Dispose();
}
