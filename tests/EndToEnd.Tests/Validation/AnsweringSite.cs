using System.Net;
using GrpcCa.TestKit.Acme;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrpcCa.EndToEnd.Tests.Validation;

/// <summary>A site whose web server answers validation as a test wants it to, on the site's own loopback address.</summary>
internal sealed class AnsweringSite : IAsyncDisposable
{
    private readonly TestSite site;
    private readonly WebApplication web;
    private readonly Dictionary<string, string> answers = new(StringComparer.Ordinal);

    private AnsweringSite(TestSite site, WebApplication web)
    {
        this.site = site;
        this.web = web;
    }

    public string Name => site.Name;

    public IPAddress Address => site.Address;

    public int Port => site.Port;

    /// <summary>Without a behaviour it serves the key authorizations it was told.</summary>
    public static async Task<AnsweringSite> StartAsync(SharedInstance shared, string label, Func<HttpContext, Task>? behaviour = null)
    {
        var site = shared.NewSite(label);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(site.Address, site.Port));
        var web = builder.Build();
        var answering = new AnsweringSite(site, web);
        web.Run(behaviour is null ? answering.AnswerAsync : http => behaviour(http));
        await web.StartAsync();
        return answering;
    }

    /// <summary>An order for the name, validated.</summary>
    public async Task<AcmeAnswer> ReadyOrderAsync(AcmeClient client)
    {
        var (order, authorization) = await ChallengeAsync(client);
        await client.UntilAsync(authorization, answer => answer.Text("status") != "pending");
        var ready = AcmeClient.Expect(await client.FetchAsync(order.Location!), 200);
        Assert.True(ready.Text("status") == "ready", ready.ToString());
        return ready;
    }

    /// <summary>An order for the name whose http-01 challenge was asked for; the authorization's URL.</summary>
    public async Task<(AcmeAnswer Order, string Authorization)> ChallengeAsync(AcmeClient client)
    {
        var order = AcmeClient.Expect(await client.OrderAsync(Name), 201);
        var url = AcmeClient.Texts(order.Json["authorizations"]).Single();
        var challenge = AcmeClient.ChallengeOf(AcmeClient.Expect(await client.FetchAsync(url), 200), "http-01");
        var token = challenge["token"]!.GetValue<string>();
        lock (answers) answers["/.well-known/acme-challenge/" + token] = client.KeyAuthorization(token);
        AcmeClient.Expect(await client.PostAsync(challenge["url"]!.GetValue<string>(), "{}"), 200);
        return (order, url);
    }

    public async ValueTask DisposeAsync()
    {
        await web.StopAsync(new CancellationToken(canceled: true));
        await web.DisposeAsync();
        site.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        string? answer;
        lock (answers) answers.TryGetValue(http.Request.Path.Value ?? "", out answer);
        http.Response.StatusCode = answer is null ? 404 : 200;
        await http.Response.WriteAsync(answer ?? "nothing here");
    }
}
