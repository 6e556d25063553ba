using System.Diagnostics;
using System.Security.Cryptography;
using GrpcCa.EndToEnd.Tests.Clients;
using GrpcCa.EndToEnd.Tests.Validation;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests.Gateway;

/// <summary>
/// A gateway behind nginx, which ends TLS and tells the client's address. What the audit has as the client's address is what a
/// declared proxy saw; what anybody else writes into the header is nothing.
/// </summary>
public sealed class BehindAProxyTests(SharedInstance shared)
{
    private const string Forged = "203.0.113.5";

    // Where nginx connects from, so that it can be told from the client, who is at 127.0.0.1.
    private const string ProxyAddress = "127.0.0.9";

    [Fact]
    public async Task ClientAddress_OfADeclaredProxyAndOfAnyoneElse_IsWhatWasSeen()
    {
        using var home = new TemporaryDirectory();
        int front = FreePorts.Next(), back = FreePorts.Next();
        var created = await shared.Instance.AdminAsync("gateway", "create", "behind", "--base-url", $"https://localhost:{front}", "--base-url", $"https://localhost:{back}");
        Assert.True(created.ExitCode == 0, created.Said);
        await File.WriteAllTextAsync(home.At("join-token"), created.Output.Trim().Split('\n')[^1].Trim());
        File.SetUnixFileMode(home.At("join-token"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var gateway = await StartGatewayAsync(home, back);
        try
        {
            await MakeTlsAsync(home);
            using var nginx = await StartNginxAsync(home, front, back);
            try
            {
                Assert.Equal("127.0.0.1", await ClientAddressAsync($"https://localhost:{front}"));
                Assert.Equal("127.0.0.1", await ClientAddressAsync($"https://localhost:{back}"));
            }
            finally
            {
                nginx.Kill();
                await nginx.WaitForExitAsync();
            }
        }
        finally
        {
            await ProgramRun.OfAsync("kill", ["-TERM", $"{gateway.Id}"]);
            await gateway.WaitForExitAsync();
        }
    }

    // A client that lies in the header, all the way to a certificate; then what the audit says of it.
    private async Task<string> ClientAddressAsync(string origin)
    {
        await using var site = await AnsweringSite.StartAsync(shared, "proxied");
        using var http = shared.Instance.Http();
        http.DefaultRequestHeaders.Add("X-Forwarded-For", Forged);
        var client = new AcmeClient(http, new Uri(origin + "/acme/acme/directory"), AcmeKey.Es256());
        AcmeClient.Expect(await client.RegisterAsync(), 201);
        var order = await site.ReadyOrderAsync(client);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await client.FinishAsync(order, Csr.Of(key, [site.Name]), key);
        var audit = await shared.Instance.AdminAsync("audit", "list", "--limit", "1000", "-o", "json");
        Assert.True(audit.ExitCode == 0, audit.Said);
        var events = System.Text.Json.JsonDocument.Parse(audit.Output).RootElement.GetProperty("auditEvents").EnumerateArray();
        var issued = events.Select(e => System.Text.Json.JsonDocument.Parse(e.GetProperty("canonicalJson").GetString()!).RootElement.GetRawText())
            .Single(e => e.Contains("certificate.issue", StringComparison.Ordinal) && e.Contains($"dns:{site.Name}", StringComparison.Ordinal));
        Assert.DoesNotContain(Forged, issued);
        Assert.DoesNotContain(ProxyAddress, issued);
        return issued.Contains("\"127.0.0.1\"", StringComparison.Ordinal) ? "127.0.0.1" : issued;
    }

    private static async Task<Process> StartGatewayAsync(TemporaryDirectory home, int port)
    {
        Directory.CreateDirectory(home.At("state"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(home.At("gateway.json"), $$"""
            {
              // nginx connects from here; whoever else sends X-Forwarded-For is not believed.
              "proxies": ["{{ProxyAddress}}/32"],
            }
            """);
        var start = new ProcessStartInfo(SourceTree.At("artifacts", "run", "grpcca-gateway", "grpcca-gateway"),
        [
            "run", "--config", home.At("gateway.json"), "--listen", $"127.0.0.1:{port}", "--http", "127.0.0.1:0", "--state", home.At("state"), "--join-token-file", home.At("join-token"),
        ])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        var gateway = Process.Start(start) ?? throw new InvalidOperationException("the gateway did not start");
        gateway.ErrorDataReceived += (_, line) => File.AppendAllText(home.At("gateway.log"), line.Data + "\n");
        gateway.BeginErrorReadLine();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await gateway.StandardOutput.ReadLineAsync(bound.Token) is { } line)
            if (line.Contains("ready", StringComparison.Ordinal)) return gateway;
        throw new InvalidOperationException(await File.ReadAllTextAsync(home.At("gateway.log")));
    }

    // nginx's own certificate comes from the CA too, by the name of the base URL.
    private async Task MakeTlsAsync(TemporaryDirectory home)
    {
        var site = shared.NewSite("front");
        var lego = await ProgramRun.OfAsync("lego",
            ["--accept-tos", "--path", home.At("lego"), "--email", "admin@home.test", "--server", shared.Instance.Directory, "--http", "--http.port", $"127.0.0.1:{site.Port}", "-d", "localhost", "run"],
            variables: new Dictionary<string, string> { ["LEGO_CA_CERTIFICATES"] = shared.Instance.RootFile });
        site.Dispose();
        Assert.True(lego.ExitCode == 0, lego.Said);
    }

    private static async Task<Process> StartNginxAsync(TemporaryDirectory home, int front, int back)
    {
        await File.WriteAllTextAsync(home.At("nginx.conf"), $$"""
            daemon off; master_process off; pid {{home.At("nginx.pid")}}; error_log {{home.At("error.log")}};
            events {}
            http {
              access_log off;
              client_body_temp_path {{home.At("t1")}}; proxy_temp_path {{home.At("t2")}}; fastcgi_temp_path {{home.At("t3")}};
              uwsgi_temp_path {{home.At("t4")}}; scgi_temp_path {{home.At("t5")}};
              server {
                listen 127.0.0.1:{{front}} ssl;
                server_name localhost;
                ssl_certificate {{home.At("lego", "certificates", "localhost.crt")}};
                ssl_certificate_key {{home.At("lego", "certificates", "localhost.key")}};
                location / {
                  proxy_pass https://127.0.0.1:{{back}};
                  proxy_bind {{ProxyAddress}};
                  proxy_set_header Host $http_host;
                  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                }
              }
            }
            """);
        var nginx = Process.Start(new ProcessStartInfo("nginx", ["-p", home.Path, "-e", home.At("start.log"), "-c", home.At("nginx.conf")]) { RedirectStandardError = true })!;
        await StaticWeb.AnswersAsync(System.Net.IPAddress.Loopback, front, nginx);
        return nginx;
    }
}
