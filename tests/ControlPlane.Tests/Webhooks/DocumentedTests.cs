using System.Text.Json;
using System.Text.RegularExpressions;
using GrpcCa.ControlPlane.Webhooks;
using GrpcCa.TestKit;
using GrpcCa.V1;
using Microsoft.Extensions.DependencyInjection;
using static GrpcCa.V1.Webhook.Types;

namespace GrpcCa.ControlPlane.Tests.Webhooks;

/// <summary>docs/webhooks.md and its schema say what is sent: every message is held against them.</summary>
public sealed partial class DocumentedTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryMessage_IsAsTheSchemaSays_AndTheReceiverOfThePageVerifiesIt()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        var account = await house.AccountAsync();
        var old = await account.IssueAsync("old.test");
        await house.Store.WriteAsync(session => session
            .Sql("update certificates set not_before = @from, not_after = @until")
            .With("@from", TimeProvider.System.GetUtcNow().AddDays(-2)).With("@until", TimeProvider.System.GetUtcNow().AddHours(1)).ExecuteAsync(), Stop);
        var made = await house.AddAsync("all", receiver, Event.Authorize, Event.Issued, Event.Revoked, Event.Expiring);
        await house.Services.GetRequiredService<ExpiryWatch>().RunAsync(Stop);
        var issued = await account.IssueAsync("nas.test");
        await account.RevokeAsync(issued.Leaf.RawData, 1);
        await house.Webhooks().TestWebhookAsync(new() { Name = "webhooks/all" });
        string[] types = ["certificate.authorize", "certificate.issued", "certificate.revoked", "certificate.expiring", "webhook.test"];
        foreach (var type in types) await receiver.UntilAsync(type);

        Assert.NotNull(old);
        using var schema = JsonDocument.Parse(await File.ReadAllTextAsync(SourceTree.At("docs", "schemas", "webhook.schema.json"), Stop));
        var known = Members(schema.RootElement);
        foreach (var call in types.Select(type => receiver.Calls.First(c => c.Type == type)))
        {
            await RunAsync(call, made.Secret);
            Assert.Empty(call.Json.AsObject().Select(m => m.Key).Except(known));
            Assert.Empty(call.Json["data"]!.AsObject().Select(m => m.Key).Except(Members(schema.RootElement.GetProperty("properties").GetProperty("data"))));
        }
    }

    // The schema by Python's validator, the signature by the page's own lines, which must also refuse what was changed.
    private static async Task RunAsync(HookCall call, string secret)
    {
        var page = await File.ReadAllTextAsync(SourceTree.At("docs", "webhooks.md"), Stop);
        var place = Directory.CreateTempSubdirectory("grpcca-hook-").FullName;
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(place, "body.json"), call.Body, Stop);
            await File.WriteAllTextAsync(Path.Combine(place, "headers.json"), JsonSerializer.Serialize(call.Headers), Stop);
            await File.WriteAllTextAsync(Path.Combine(place, "receiver.py"), $$"""
                {{PythonBlock().Match(page).Groups["code"].Value}}
                import json
                headers, body = json.load(open("headers.json")), open("body.json", "rb").read()
                assert is_good("{{secret}}", headers, body)
                assert not is_good("{{secret}}", headers, body.replace(b"webhook", b"webh00k"))
                assert not is_good("whsec_" + base64.b64encode(bytes(32)).decode(), headers, body)
                """, Stop);
            await ProgramRun.SucceedAsync("/usr/bin/python3", ["receiver.py"], place);
            await ProgramRun.SucceedAsync("/usr/bin/python3", ["-W", "ignore", "-m", "jsonschema", "-i", "body.json", SourceTree.At("docs", "schemas", "webhook.schema.json")], place);
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }

    private static HashSet<string> Members(JsonElement schema) => [.. schema.GetProperty("properties").EnumerateObject().Select(p => p.Name)];

    [GeneratedRegex("```python\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PythonBlock();
}
