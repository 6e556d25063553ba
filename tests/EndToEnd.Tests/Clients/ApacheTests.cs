using System.Diagnostics;

namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>Debian's Apache with mod_md: it orders in the background and serves the certificate after a graceful restart.</summary>
public sealed class ApacheTests(SharedInstance shared)
{
    private const string Modules = "/usr/lib/apache2/modules";

    [Fact]
    public async Task ModMd_ByHttp01_ServesWhatItGot()
    {
        using var site = shared.NewSite("apache");
        await WriteConfigurationAsync(site);
        using var apache = Start(site);
        try
        {
            await StaticWeb.AnswersAsync(site.Address, site.TlsPort, apache);

            await UntilServedAsync(site, apache);

            using var issued = await Issued.CheckAsync(site, site.At("md", "domains", site.Name, "pubcert.pem"));
            await issued.AssertStateAsync("VALID");
        }
        finally
        {
            await ProgramRun.OfAsync("kill", ["-TERM", $"{apache.Id}"]);
            await apache.WaitForExitAsync();
        }
    }

    private static async Task WriteConfigurationAsync(TestSite site)
    {
        Directory.CreateDirectory(site.At("htdocs"));
        await File.WriteAllTextAsync(site.At("htdocs", "index.html"), $"hello from {site.Name}");
        File.Copy(site.Instance.RootFile, site.At("root.crt"));
        // Its workers are another user's when root starts it; they read and write below this directory.
        var everyone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.GroupRead | UnixFileMode.OtherExecute | UnixFileMode.OtherRead;
        File.SetUnixFileMode(site.Home, everyone);
        await File.WriteAllTextAsync(site.At("apache.conf"), $"""
            ServerRoot {site.Home}
            PidFile {site.At("apache.pid")}
            Mutex file:{site.Home}
            ErrorLog {site.At("error.log")}
            LogLevel warn md:info
            {string.Join('\n', new[] { "mpm_event", "authz_core", "dir", "ssl", "socache_shmcb", "md" }.Select(m => $"LoadModule {m}_module {Modules}/mod_{m}.so"))}
            {(Environment.UserName == "root" ? "User www-data\nGroup www-data" : "")}
            ServerName {site.Name}
            Listen {site.Address}:{site.Port}
            Listen {site.Address}:{site.TlsPort}
            MDStoreDir {site.At("md")}
            MDPortMap http:{site.Port} https:{site.TlsPort}
            MDCertificateAuthority {site.Instance.Directory}
            MDCACertificateFile {site.At("root.crt")}
            MDCertificateAgreement accepted
            MDContactEmail admin@home.test
            MDCAChallenges http-01
            MDRetryDelay 1s
            MDomain {site.Name}
            DocumentRoot {site.At("htdocs")}
            <Directory {site.At("htdocs")}>
              Require all granted
            </Directory>
            <VirtualHost {site.Address}:{site.Port}>
              ServerName {site.Name}
            </VirtualHost>
            <VirtualHost {site.Address}:{site.TlsPort}>
              ServerName {site.Name}
              SSLEngine on
            </VirtualHost>
            """);
    }

    private static Process Start(TestSite site)
    {
        var start = new ProcessStartInfo("apache2", ["-D", "FOREGROUND", "-f", site.At("apache.conf")]) { RedirectStandardError = true, RedirectStandardOutput = true };
        var apache = Process.Start(start) ?? throw new InvalidOperationException("apache2 did not start");
        apache.OutputDataReceived += static (_, _) => { };
        apache.ErrorDataReceived += (_, line) => File.AppendAllText(site.At("start.log"), line.Data + "\n");
        apache.BeginOutputReadLine();
        apache.BeginErrorReadLine();
        return apache;
    }

    // What it got lies in its store until a graceful restart takes it over.
    private static async Task UntilServedAsync(TestSite site, Process apache)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var staged = site.At("md", "staging", site.Name, "pubcert.pem");
        while (true)
        {
            if (File.Exists(staged)) await ProgramRun.OfAsync("kill", ["-USR1", $"{apache.Id}"]);
            var run = await ProgramRun.OfAsync("curl",
                ["--silent", "--show-error", "--noproxy", "*", "--cacert", site.Instance.RootFile, "--resolve", $"{site.Name}:{site.TlsPort}:{site.Address}", $"https://{site.Name}:{site.TlsPort}/"]);
            if (run.ExitCode == 0 && run.Output == $"hello from {site.Name}") return;
            if (bound.IsCancellationRequested || apache.HasExited)
                throw new InvalidOperationException($"{run.Said}\n{string.Join('\n', Directory.GetFiles(site.Home, "*.log").Select(File.ReadAllText))}");
        }
    }
}
