using System.Diagnostics;
using System.Net;

namespace GrpcCa.EndToEnd.Tests.Gateway;

/// <summary>A gateway that is restarted while the control plane is down serves what it kept, and says when to come again.</summary>
public sealed class LoneGatewayTests
{
    [Fact]
    public async Task Gateway_RestartedAlone_ServesWhatItKept_AndAnswersAcmeWith503()
    {
        using var data = new TemporaryDirectory();
        var instance = await RunningInstance.StartAsync(new() { Data = data.Path });
        using var http = instance.Http();
        var directory = await http.GetStringAsync(instance.Directory);
        var plain = $"http://127.0.0.1:{instance.Options.HttpPort}";
        var lists = await UntilListsAsync(http, plain + "/crl.pem");
        await instance.DisposeAsync();

        using var gateway = Start(instance);
        try
        {
            await UntilReadyAsync(gateway);

            Assert.Equal(directory, await http.GetStringAsync(instance.Directory));
            Assert.Equal((await File.ReadAllTextAsync(instance.RootFile)).Trim(), (await http.GetStringAsync(instance.Origin + "/roots.pem")).Trim());
            Assert.Contains("\"ok\"", await http.GetStringAsync(instance.Origin + "/health"));
            Assert.Contains("\"ok\"", await http.GetStringAsync(plain + "/health"));
            Assert.Equal(lists, await http.GetStringAsync(plain + "/crl.pem"));
            using var nonce = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, instance.Origin + "/acme/acme/new-nonce"));
            AssertComeAgain(nonce);
            using var body = new StringContent("{\"protected\":\"\",\"payload\":\"\",\"signature\":\"\"}");
            body.Headers.ContentType = new("application/jose+json");
            using var account = await http.PostAsync(instance.Origin + "/acme/acme/new-account", body);
            AssertComeAgain(account);
            Assert.Equal("application/problem+json", account.Content.Headers.ContentType?.MediaType);
        }
        finally
        {
            await ProgramRun.SucceedAsync("kill", ["-TERM", $"{gateway.Id}"]);
            await gateway.WaitForExitAsync();
        }
        Assert.Equal(0, gateway.ExitCode);
    }

    // The issuer's and the root's.
    private static async Task<string> UntilListsAsync(HttpClient http, string url)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            using var answer = await http.GetAsync(url, bound.Token);
            var lists = await answer.Content.ReadAsStringAsync(bound.Token);
            if (lists.Split("BEGIN X509 CRL").Length == 3) return lists;
            await Task.Delay(50, bound.Token);
        }
    }

    private static Process Start(RunningInstance instance)
    {
        var start = new ProcessStartInfo(SourceTree.At("artifacts", "run", "grpcca-gateway", "grpcca-gateway"),
            ["run", "--listen", $"127.0.0.1:{instance.Options.AcmePort}", "--http", $"127.0.0.1:{instance.Options.HttpPort}", "--state", Path.Combine(instance.Data, "gateway")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var gateway = Process.Start(start) ?? throw new InvalidOperationException("the gateway did not start");
        gateway.ErrorDataReceived += static (_, _) => { };
        gateway.BeginErrorReadLine();
        return gateway;
    }

    private static async Task UntilReadyAsync(Process gateway)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await gateway.StandardOutput.ReadLineAsync(bound.Token) is { } line)
            if (line.Contains("ready", StringComparison.Ordinal)) return;
        throw new InvalidOperationException("the gateway ended before it was ready");
    }

    private static void AssertComeAgain(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        // In seconds: some clients cannot read a date.
        Assert.NotNull(answer.Headers.RetryAfter?.Delta);
    }
}
