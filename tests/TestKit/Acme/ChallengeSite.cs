using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrpcCa.TestKit.Acme;

/// <summary>The web server of whoever wants a certificate: answers http-01 (RFC 8555 §8.3) for every name, well or badly.</summary>
internal sealed class ChallengeSite : IAsyncDisposable
{
    private const string Prefix = "/.well-known/acme-challenge/";

    private readonly ConcurrentDictionary<string, string> answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> behaviours = new(StringComparer.OrdinalIgnoreCase);
    private readonly WebApplication web;

    private ChallengeSite(WebApplication web) => this.web = web;

    /// <summary>The port it took, on IPv4 loopback.</summary>
    public int Port { get; private set; }

    /// <summary>Host and path of each request, in the order of arrival.</summary>
    public ConcurrentQueue<SiteRequest> Requests { get; } = new();

    public static async Task<ChallengeSite> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        var site = new ChallengeSite(web);
        web.Run(site.AnswerAsync);
        await web.StartAsync();
        site.Port = new Uri(web.Urls.First()).Port;
        return site;
    }

    /// <summary>Serves the key authorization of a token.</summary>
    public void Put(string token, string keyAuthorization) => answers[token] = keyAuthorization;

    /// <summary>Answers all requests for a host in its own way.</summary>
    public void Behave(string host, Func<HttpContext, Task> behaviour) => behaviours[host] = behaviour;

    /// <summary>How often a token was asked for.</summary>
    public int CountOf(string token) => Requests.Count(r => r.Path == Prefix + token);

    public async ValueTask DisposeAsync()
    {
        await web.StopAsync(new CancellationToken(canceled: true));
        await web.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        Requests.Enqueue(new SiteRequest(http.Request.Host.Value ?? "", path, http.Request.Headers.UserAgent.ToString()));
        if (behaviours.TryGetValue(http.Request.Host.Host, out var behaviour))
        {
            await behaviour(http);
            return;
        }
        if (path.StartsWith(Prefix, StringComparison.Ordinal) && answers.TryGetValue(path[Prefix.Length..], out var answer))
        {
            await http.Response.WriteAsync(answer);
            return;
        }
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        await http.Response.WriteAsync("nothing here");
    }
}

/// <summary>What the validator sent.</summary>
internal sealed record SiteRequest(string Host, string Path, string UserAgent);
