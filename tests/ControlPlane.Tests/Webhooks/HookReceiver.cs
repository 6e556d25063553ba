using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrpcCa.ControlPlane.Tests.Webhooks;

/// <summary>What came over the wire.</summary>
internal sealed record HookCall(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string Type => Json["type"]!.GetValue<string>();

    public string Id => Headers["webhook-id"];

    /// <summary>Verified as the specification of Standard Webhooks says, with nothing of ours.</summary>
    public bool IsSignedWith(string secret)
    {
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        var key = Convert.FromBase64String(secret["whsec_".Length..]);
        var signed = Encoding.UTF8.GetBytes($"{Id}.{Headers["webhook-timestamp"]}.{Encoding.UTF8.GetString(Body)}");
        var age = TimeProvider.System.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(long.Parse(Headers["webhook-timestamp"], CultureInfo.InvariantCulture));
        return age.Duration() < TimeSpan.FromMinutes(5)
            && Headers["webhook-signature"].Split(' ').Contains("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)), StringComparer.Ordinal);
    }
}

/// <summary>How a receiver answers.</summary>
internal sealed record HookAnswer(int Status, string Body = "")
{
    public static readonly HookAnswer Yes = new(200, """{"allow": true}"""), Hang = new(0);

    public string? Location { get; init; }
}

/// <summary>Somebody's service on loopback, over real HTTPS.</summary>
internal sealed class HookReceiver : IAsyncDisposable
{
    private readonly TestAuthority authority = new("hooks", TimeProvider.System);
    private WebApplication? app;

    private HookReceiver()
    {
    }

    public ConcurrentQueue<HookCall> Calls { get; } = new();

    /// <summary>What it answers.</summary>
    public Func<HookCall, HookAnswer> Answer { get; set; } = _ => HookAnswer.Yes;

    public int Port { get; private set; }

    public string Url => $"https://hooks.test:{Port}/grpcca";

    /// <summary>The root of its certificate.</summary>
    public string CaPem => authority.Root.ExportCertificatePem();

    /// <param name="certificate">Another certificate than that of its own authority for hooks.test and 127.0.0.1.</param>
    /// <param name="port">Where an earlier one was; 0 takes a free one.</param>
    /// <param name="chain">Sent with the certificate.</param>
    public static async Task<HookReceiver> StartAsync(X509Certificate2? certificate = null, int port = 0, X509Certificate2Collection? chain = null)
    {
        var receiver = new HookReceiver();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, endpoint => endpoint.UseHttps(https =>
        {
            https.ServerCertificate = certificate ?? receiver.authority.IssueWithKey(TimeSpan.FromDays(1), names: ["hooks.test", "127.0.0.1"]);
            https.ServerCertificateChain = chain;
        })));
        receiver.app = builder.Build();
        receiver.app.Run(receiver.ReceiveAsync);
        await receiver.app.StartAsync();
        receiver.Port = new Uri(receiver.app.Urls.Single()).Port;
        return receiver;
    }

    /// <summary>The first calls of a type, once there are so many.</summary>
    public async Task<IReadOnlyList<HookCall>> UntilAsync(string type, int count = 1)
    {
        List<HookCall> found = [];
        await Until.TrueAsync(() => (found = [.. Calls.Where(c => c.Type == type)]).Count >= count, $"{count} of {type}");
        return found;
    }

    public async ValueTask DisposeAsync()
    {
        if (app is null) return;
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await app.StopAsync(atOnce.Token);
        await app.DisposeAsync();
        app = null;
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var call = new HookCall(
            context.Request.Path, context.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString(), StringComparer.Ordinal), body.ToArray());
        Calls.Enqueue(call);
        var answer = Answer(call);
        if (answer == HookAnswer.Hang)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }
        context.Response.StatusCode = answer.Status;
        if (answer.Location is not null) context.Response.Headers.Location = answer.Location;
        await context.Response.WriteAsync(answer.Body, context.RequestAborted);
    }
}

/// <summary>Waiting for what happens soon.</summary>
internal static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, $"not within {Patience}: {what}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
