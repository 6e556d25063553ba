using System.Diagnostics;
using GrpcCa.EndToEnd.Tests.Clients;

namespace GrpcCa.EndToEnd.Tests.Revocation;

/// <summary>An nginx that asks its clients for certificates refuses a revoked one, once it has read the list.</summary>
public sealed class NginxCrlTests(SharedInstance shared)
{
    [Fact]
    public async Task Nginx_WithSslCrl_RefusesTheRevokedClientAfterAReload()
    {
        using var server = await RevokedSite.IssueAsync(shared.NewSite("crl-server"));
        using var client = await RevokedSite.IssueAsync(shared.NewSite("crl-client"));
        using var other = await RevokedSite.IssueAsync(shared.NewSite("crl-other"));
        using var site = shared.NewSite("crl-nginx");
        var port = FreePorts.Next();
        await server.FetchAsync();
        await File.WriteAllTextAsync(site.At("nginx.conf"), $$"""
            daemon off; master_process on; worker_processes 1; pid {{site.At("nginx.pid")}}; error_log {{site.At("error.log")}} info;
            events {}
            http {
              access_log off;
              client_body_temp_path {{site.At("t1")}}; proxy_temp_path {{site.At("t2")}}; fastcgi_temp_path {{site.At("t3")}};
              uwsgi_temp_path {{site.At("t4")}}; scgi_temp_path {{site.At("t5")}};
              server {
                listen {{site.Address}}:{{port}} ssl;
                ssl_certificate {{server.Chain}};
                ssl_certificate_key {{server.Key}};
                ssl_client_certificate {{site.Instance.RootFile}};
                ssl_verify_client on;
                ssl_verify_depth 2;
                ssl_crl {{server.Crls}};
                location / { return 200 "hello $ssl_client_verify"; }
              }
            }
            """);
        using var nginx = Process.Start(new ProcessStartInfo("nginx", ["-p", site.Home, "-e", site.At("start.log"), "-c", site.At("nginx.conf")]) { RedirectStandardError = true })!;
        try
        {
            await StaticWeb.AnswersAsync(site.Address, port, nginx);
            Assert.Equal("hello SUCCESS", await AskAsync(site, server, client, port));

            await client.RevokeAsync("keyCompromise");
            await client.UntilRevokedAsync();
            // nginx reads the file when it starts or reloads.
            await server.FetchAsync();
            await ProgramRun.SucceedAsync("kill", ["-HUP", $"{nginx.Id}"]);

            await UntilRefusedAsync(site, server, client, port);
            Assert.Equal("hello SUCCESS", await AskAsync(site, server, other, port));
        }
        finally
        {
            await ProgramRun.SucceedAsync("kill", ["-TERM", $"{nginx.Id}"]);
            await nginx.WaitForExitAsync();
        }
    }

    private static async Task<string> AskAsync(TestSite site, RevokedSite server, RevokedSite client, int port) => (await ProgramRun.OfAsync("curl",
    [
        "--silent", "--noproxy", "*", "--resolve", $"{server.Name}:{port}:{site.Address}", "--cacert", site.Instance.RootFile,
        "--cert", client.Chain, "--key", client.Key, $"https://{server.Name}:{port}/",
    ])).Output;

    private static async Task UntilRefusedAsync(TestSite site, RevokedSite server, RevokedSite client, int port)
    {
        var began = TimeProvider.System.GetTimestamp();
        string answer;
        do answer = await AskAsync(site, server, client, port);
        while (!answer.Contains("The SSL certificate error", StringComparison.Ordinal) && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
        Assert.Contains("The SSL certificate error", answer, StringComparison.Ordinal);
        Assert.Contains("certificate revoked", await File.ReadAllTextAsync(site.At("error.log")), StringComparison.Ordinal);
    }
}
