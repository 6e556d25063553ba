using System.Diagnostics;

namespace GrpcCa.EndToEnd.Tests.Clients;

/// <summary>What it is all for: a real server with the chain, and a client that trusts the root and nothing else.</summary>
public sealed class NginxTests(SharedInstance shared)
{
    [Fact]
    public async Task Nginx_WithTheChain_AnswersAClientThatTrustsTheRoot()
    {
        using var site = shared.NewSite("nginx");
        var lego = await ProgramRun.OfAsync("lego",
            ["--accept-tos", "--path", site.At("lego"), "--email", "admin@home.test", "--server", site.Instance.Directory, "--http", "--http.port", $"{site.Address}:{site.Port}", "-d", site.Name, "run"],
            variables: new Dictionary<string, string> { ["LEGO_CA_CERTIFICATES"] = site.Instance.RootFile });
        Assert.True(lego.ExitCode == 0, lego.Said);
        var port = FreePorts.Next();
        await File.WriteAllTextAsync(site.At("nginx.conf"), $$"""
            daemon off; master_process off; pid {{site.At("nginx.pid")}}; error_log {{site.At("error.log")}};
            events {}
            http {
              access_log off;
              client_body_temp_path {{site.At("t1")}}; proxy_temp_path {{site.At("t2")}}; fastcgi_temp_path {{site.At("t3")}};
              uwsgi_temp_path {{site.At("t4")}}; scgi_temp_path {{site.At("t5")}};
              server {
                listen {{site.Address}}:{{port}} ssl;
                server_name {{site.Name}};
                ssl_certificate {{site.At("lego", "certificates", site.Name + ".crt")}};
                ssl_certificate_key {{site.At("lego", "certificates", site.Name + ".key")}};
                location / { return 200 "hello from {{site.Name}}"; }
              }
            }
            """);
        using var nginx = Process.Start(new ProcessStartInfo("nginx", ["-p", site.Home, "-e", site.At("start.log"), "-c", site.At("nginx.conf")]) { RedirectStandardError = true })!;
        try
        {
            await StaticWeb.AnswersAsync(site.Address, port, nginx);

            var trusted = await CurlAsync(site, port, "--cacert", site.Instance.RootFile);
            var stranger = await CurlAsync(site, port);

            Assert.True(trusted.ExitCode == 0, trusted.Said);
            Assert.Equal($"hello from {site.Name}", trusted.Output);
            const int CannotBeVerified = 60;
            Assert.Equal(CannotBeVerified, stranger.ExitCode);
        }
        finally
        {
            nginx.Kill();
            await nginx.WaitForExitAsync();
        }
    }

    private static Task<ProgramRun> CurlAsync(TestSite site, int port, params string[] trust) =>
        ProgramRun.OfAsync("curl", ["--silent", "--show-error", "--noproxy", "*", "--resolve", $"{site.Name}:{port}:{site.Address}", .. trust, $"https://{site.Name}:{port}/"]);
}
