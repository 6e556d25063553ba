using System.Diagnostics;

namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>Debian's Caddy, which gets certificates by itself while it starts: one site by each of its challenges.</summary>
public sealed class CaddyTests(SharedInstance shared)
{
    [Fact]
    public async Task Caddy_ByHttp01AndByTlsAlpn01_ServesWhatItGot()
    {
        using var http = shared.NewSite("caddy-http");
        using var alpn = shared.NewSite("caddy-alpn");
        await File.WriteAllTextAsync(http.At("Caddyfile"), $$"""
            {
              admin off
              skip_install_trust
              http_port {{http.Port}}
              https_port {{http.TlsPort}}
              storage file_system {{http.At("storage")}}
            }
            {{Block(http, "disable_tlsalpn_challenge")}}
            {{Block(alpn, "disable_http_challenge")}}
            """);
        using var caddy = Start(http);
        try
        {
            foreach (var site in new[] { http, alpn })
            {
                await StaticWeb.AnswersAsync(site.Address, site.TlsPort, caddy);
                var page = await UntilTrustedAsync(site, caddy);
                Assert.Equal($"hello from {site.Name}", page);
                using var issued = await Issued.CheckAsync(site, Chain(http, site));
                await issued.AssertStateAsync("VALID");
            }
        }
        finally
        {
            await ProgramRun.OfAsync("kill", ["-TERM", $"{caddy.Id}"]);
            await caddy.WaitForExitAsync();
        }
    }

    private static string Block(TestSite site, string without) => $$"""
        {{site.Name}} {
          bind {{site.Address}}
          respond "hello from {{site.Name}}"
          tls {
            issuer acme {
              dir {{site.Instance.Directory}}
              trusted_roots {{site.Instance.RootFile}}
              {{without}}
            }
          }
        }
        """;

    private static Process Start(TestSite site)
    {
        var start = new ProcessStartInfo("caddy", ["run", "--config", site.At("Caddyfile"), "--adapter", "caddyfile"]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["HOME"] = start.Environment["XDG_DATA_HOME"] = start.Environment["XDG_CONFIG_HOME"] = site.Home;
        var caddy = Process.Start(start) ?? throw new InvalidOperationException("caddy did not start");
        caddy.OutputDataReceived += static (_, _) => { };
        caddy.ErrorDataReceived += (_, line) => File.AppendAllText(site.At("caddy.log"), line.Data + "\n");
        caddy.BeginOutputReadLine();
        caddy.BeginErrorReadLine();
        return caddy;
    }

    // Its certificate comes a moment after its port is open.
    private static async Task<string> UntilTrustedAsync(TestSite site, Process caddy)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var run = await ProgramRun.OfAsync("curl",
                ["--silent", "--show-error", "--noproxy", "*", "--cacert", site.Instance.RootFile, "--resolve", $"{site.Name}:{site.TlsPort}:{site.Address}", $"https://{site.Name}:{site.TlsPort}/"]);
            if (run.ExitCode == 0) return run.Output;
            if (bound.IsCancellationRequested || caddy.HasExited) throw new InvalidOperationException(run.Said + site.Instance.ServerLog);
        }
    }

    private static string Chain(TestSite home, TestSite site) => Directory.GetFiles(home.At("storage"), site.Name + ".crt", SearchOption.AllDirectories).Single();
}
