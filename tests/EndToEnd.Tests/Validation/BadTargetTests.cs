using System.Text.Json.Nodes;
using GrpcCa.TestKit.Acme;
using Microsoft.AspNetCore.Http;

namespace GrpcCa.EndToEnd.Tests.Validation;

/// <summary>Targets that do not play by the rules end in <c>invalid</c>, with the address dialled and what came back.</summary>
public sealed class BadTargetTests(SharedInstance shared)
{
    [Fact]
    [Trait("Long", "true")]
    public async Task TargetThatHangs_EndsInvalid()
    {
        await using var site = await AnsweringSite.StartAsync(shared, "hangs", http => Task.Delay(Timeout.Infinite, http.RequestAborted));

        var error = await ErrorOfAsync(site);

        Assert.Equal("connection", error.Type);
        Assert.Contains($"{site.Address}", error.Detail);
    }

    [Fact]
    public async Task TargetThatAnswersForEver_EndsInvalid()
    {
        await using var site = await AnsweringSite.StartAsync(shared, "endless", async http =>
        {
            var chunk = new byte[8192];
            while (!http.RequestAborted.IsCancellationRequested) await http.Response.Body.WriteAsync(chunk, http.RequestAborted);
        });

        var error = await ErrorOfAsync(site);

        Assert.Contains(error.Type, new[] { "unauthorized", "incorrectResponse", "connection" });
        Assert.Contains($"{site.Address}", error.Detail);
    }

    [Fact]
    public async Task TargetThatRedirectsToItself_EndsInvalid()
    {
        await using var site = await AnsweringSite.StartAsync(shared, "circle", http =>
        {
            http.Response.Redirect(http.Request.Path);
            return Task.CompletedTask;
        });

        var error = await ErrorOfAsync(site);

        Assert.Contains("redirect", error.Detail);
        Assert.Contains($"{site.Address}", error.Detail);
    }

    [Fact]
    public async Task TargetThatRedirectsToAForbiddenAddress_EndsInvalid()
    {
        await using var site = await AnsweringSite.StartAsync(shared, "forbidden", http =>
        {
            http.Response.Redirect($"http://203.0.113.9:{http.Connection.LocalPort}/secret");
            return Task.CompletedTask;
        });

        var error = await ErrorOfAsync(site);

        Assert.Contains("203.0.113.9", error.Detail);
    }

    [Fact]
    public async Task TargetWithSomethingElse_EndsInvalid_AndTheDetailSaysWhat()
    {
        await using var site = await AnsweringSite.StartAsync(shared, "wrong", http => http.Response.WriteAsync("<h1>welcome to my router</h1>"));

        var error = await ErrorOfAsync(site);

        Assert.Contains(error.Type, new[] { "unauthorized", "incorrectResponse" });
        Assert.Contains("welcome to my router", error.Detail);
        Assert.Contains($"{site.Address}", error.Detail);
    }

    private async Task<(string Type, string Detail)> ErrorOfAsync(AnsweringSite site)
    {
        using var http = shared.Instance.Http();
        var client = await shared.Instance.AccountAsync(http);
        var (order, url) = await site.ChallengeAsync(client);
        var authorization = await client.UntilAsync(url, answer => answer.Text("status") is not ("pending" or "processing"));
        Assert.Equal("invalid", authorization.Text("status"));
        Assert.Equal("invalid", (await client.FetchAsync(order.Location!)).Text("status"));
        var challenge = authorization.Json["challenges"]!.AsArray().Select(c => c!.AsObject()).Single(c => c["type"]!.GetValue<string>() == "http-01");
        Assert.Equal("invalid", challenge["status"]!.GetValue<string>());
        shared.Instance.AssertLogsWithoutStacks();
        var error = challenge["error"]!.AsObject();
        return (Text(error, "type").Split(':')[^1], Text(error, "detail"));
    }

    private static string Text(JsonObject json, string member) => json[member]!.GetValue<string>();
}
