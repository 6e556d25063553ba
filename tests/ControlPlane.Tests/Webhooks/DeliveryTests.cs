using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.ControlPlane.Tests.Storage;
using GrpcCa.ControlPlane.Webhooks;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;
using Microsoft.Extensions.DependencyInjection;
using static GrpcCa.V1.Webhook.Types;

namespace GrpcCa.ControlPlane.Tests.Webhooks;

/// <summary>What webhooks are told: after the act, until they have it, and within bounds.</summary>
[Collection(PostgresGroup.Name)]
[Trait("Long", "true")]
public sealed class DeliveryTests(PostgresFixture postgres)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task IssuedAndRevoked_AreTold_Signed_AndOnlyToThoseWhoWantIt()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await using var other = await HookReceiver.StartAsync();
        var made = await house.AddAsync("tell", receiver, Event.Issued, Event.Revoked);
        await house.AddAsync("nixos", new Webhook { Url = other.Url, Events = { Event.Issued, Event.Revoked }, CaPem = other.CaPem, Provisioners = { "provisioners/nixos" } });
        var account = await house.AccountAsync();

        var issued = await account.IssueAsync("nas.test");
        var told = Assert.Single(await receiver.UntilAsync("certificate.issued"));
        await account.RevokeAsync(issued.Leaf.RawData, 4);
        var revoked = Assert.Single(await receiver.UntilAsync("certificate.revoked"));

        var serial = SerialOf(issued);
        Assert.All([told, revoked], call =>
        {
            Assert.True(call.IsSignedWith(made.Secret));
            Assert.Equal("webhooks/tell", call.Json["webhook"]!.GetValue<string>());
            Assert.Equal($"certificates/{serial}", call.Json["data"]!["certificate"]!.GetValue<string>());
            Assert.Equal("provisioners/acme", call.Json["data"]!["provisioner"]!.GetValue<string>());
            Assert.Equal("nas.test", call.Json["data"]!["identifiers"]![0]!["value"]!.GetValue<string>());
        });
        Assert.Equal(issued.Leaf.RawData, Pem.DecodeCertificates(told.Json["data"]!["certificate_pem"]!.GetValue<string>()).Single());
        Assert.Equal("superseded", revoked.Json["data"]!["revocation_reason"]!.GetValue<string>());
        Assert.NotEqual(told.Id, revoked.Id);
        Assert.Empty(other.Calls);
        await Until.TrueAsync(async () => await house.GetAsync("tell") is { DeliveredCount: 2, QueuedCount: 0, LastDeliveryTime: not null }, "both are counted");
    }

    [Fact]
    public async Task AGatewaysOwnCertificate_IsToldWhenItIsTakenBack_ToThoseWithoutAFilter()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await using var filtered = await HookReceiver.StartAsync();
        await house.AddAsync("tell", receiver, Event.Issued, Event.Revoked);
        await house.AddAsync("acme", new Webhook { Url = filtered.Url, Events = { Event.Revoked }, CaPem = filtered.CaPem, Provisioners = { "provisioners/acme" } });

        // One that is off does not complain in the log.
        await house.Gateway.DisposeAsync();
        await new GatewayService.GatewayServiceClient(house.Admin()).DisableGatewayAsync(new() { Name = "gateways/one" });

        var call = Assert.Single(await receiver.UntilAsync("certificate.revoked"));
        Assert.Equal("gateways/one", call.Json["data"]!["gateway"]!.GetValue<string>());
        Assert.Equal("privilegeWithdrawn", call.Json["data"]!["revocation_reason"]!.GetValue<string>());
        Assert.Null(call.Json["data"]!["provisioner"]);
        Assert.Empty(filtered.Calls);
    }

    [Fact]
    public async Task Failures_AreTriedAgain_UnderTheSameId_AndShownMeanwhile()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        await house.AddAsync("tell", receiver, Event.Issued);
        receiver.Answer = _ => receiver.Calls.Count < 3 ? new HookAnswer(500) : new HookAnswer(204);

        await (await house.AccountAsync()).IssueAsync("nas.test");
        await Until.TrueAsync(async () => (await house.GetAsync("tell")).LastFailure.Contains("status 500", StringComparison.Ordinal), "the failure is shown");
        var calls = await receiver.UntilAsync("certificate.issued", 3);

        Assert.Single(calls.Select(c => c.Id).Distinct(StringComparer.Ordinal));
        await Until.TrueAsync(async () => await house.GetAsync("tell") is { DeliveredCount: 1, QueuedCount: 0, GivenUpCount: 0 }, "it is delivered");
        Assert.Equal(3, receiver.Calls.Count);
    }

    [Fact]
    public async Task WhatWaits_OutlivesARestart()
    {
        await using var house = await Hooks.HouseAsync();
        var receiver = await HookReceiver.StartAsync();
        var made = await house.AddAsync("tell", receiver, Event.Issued);
        var (port, ca) = (receiver.Port, receiver.CaPem);
        await receiver.DisposeAsync();

        await (await house.AccountAsync()).IssueAsync("nas.test");
        await Until.TrueAsync(async () => (await house.GetAsync("tell")).LastFailure.Contains("connection refused", StringComparison.Ordinal), "nobody is there");
        var waiting = Assert.Single((await house.Webhooks().ListWebhookDeliveriesAsync(new() { Parent = "webhooks/tell" })).Deliveries);
        await house.RestartControlPlaneAsync();
        await using var back = await HookReceiver.StartAsync(port: port);
        await house.Webhooks().UpdateWebhookAsync(new() { Webhook = new() { Name = "webhooks/tell", CaPem = back.CaPem } });
        var call = Assert.Single(await back.UntilAsync("certificate.issued"));

        Assert.NotEqual(ca, back.CaPem);
        Assert.Equal(waiting.MessageId, call.Id);
        Assert.Equal("certificate.issued", waiting.Type);
        Assert.True(waiting.AttemptCount > 0);
        Assert.Equal(System.Text.Encoding.UTF8.GetString(call.Body), waiting.Body);
        Assert.True(call.IsSignedWith(made.Secret));
    }

    [Fact]
    public async Task AFullQueue_DropsTheOldest_AndCountsThem()
    {
        await using var house = await Hooks.HouseAsync(("Webhooks:QueueLimit", "3"), ("Webhooks:FirstPause", "1h"), ("Webhooks:LongestPause", "1h"));
        await using var receiver = await HookReceiver.StartAsync();
        receiver.Answer = _ => new HookAnswer(500);
        await house.AddAsync("tell", receiver, Event.Issued);
        await QueueAsync(house.Store, "tell", 10);

        await Until.TrueAsync(async () => await house.GetAsync("tell") is { QueuedCount: 3, DroppedCount: 7 }, "seven are dropped");

        var kept = (await house.Webhooks().ListWebhookDeliveriesAsync(new() { Parent = "webhooks/tell" })).Deliveries;
        Assert.Equal(["m7", "m8", "m9"], kept.Select(d => d.MessageId));
        await Until.TrueAsync(() => Task.FromResult(house.Log.Lines.Any(line => line.Id.Id == 2206)), "it is logged");
    }

    [Fact]
    public async Task AQueueFarTooFull_IsTrimmedInBatches()
    {
        await using var house = await Hooks.HouseAsync(("Webhooks:QueueLimit", "3"), ("Webhooks:FirstPause", "1h"), ("Webhooks:LongestPause", "1h"));
        await using var receiver = await HookReceiver.StartAsync();
        receiver.Answer = _ => new HookAnswer(500);
        await house.AddAsync("tell", receiver, Event.Issued);

        await QueueAsync(house.Store, "tell", 1_203);

        await Until.TrueAsync(async () => await house.GetAsync("tell") is { QueuedCount: 3, DroppedCount: 1_200 }, "all but three are dropped, and counted");
    }

    [Theory]
    [InlineData("Webhooks:MaxAttempts", "2")]
    [InlineData("Webhooks:MaxAge", "1s")]
    public async Task WhatCannotBeDelivered_IsGivenUp_CountedAndLogged(string bound, string value)
    {
        await using var house = await Hooks.HouseAsync((bound, value));
        await using var receiver = await HookReceiver.StartAsync();
        receiver.Answer = _ => new HookAnswer(410);
        await house.AddAsync("tell", receiver, Event.Issued);

        await (await house.AccountAsync()).IssueAsync("nas.test");

        await Until.TrueAsync(async () => await house.GetAsync("tell") is { GivenUpCount: 1, QueuedCount: 0, DeliveredCount: 0 }, "it is given up");
        // The line comes after the row.
        await Until.TrueAsync(() => Task.FromResult(house.Log.Lines.Any(line => line.Id.Id == 2205 && line.Text.Contains("status 410", StringComparison.Ordinal))), "it is logged");
    }

    [Fact]
    public async Task OneThatHangs_HoldsNobodyElseUp()
    {
        await using var house = await Hooks.HouseAsync();
        await using var hanging = await HookReceiver.StartAsync();
        await using var receiver = await HookReceiver.StartAsync();
        hanging.Answer = _ => HookAnswer.Hang;
        await house.AddAsync("a-hangs", new Webhook { Url = hanging.Url, Events = { Event.Issued }, CaPem = hanging.CaPem, Timeout = new() { Seconds = 20 } });
        await house.AddAsync("b-tell", receiver, Event.Issued);
        await QueueAsync(house.Store, "a-hangs", 20);
        await hanging.UntilAsync("webhook.test");

        await (await house.AccountAsync()).IssueAsync("nas.test");

        Assert.Single(await receiver.UntilAsync("certificate.issued"));
    }

    [Fact]
    public async Task AnAddressThatIsNotAllowed_IsNotDialled_AndNamed()
    {
        await using var house = await Hooks.HouseAsync(("Webhooks:Ranges", "100.64.0.0/10"));
        await using var receiver = await HookReceiver.StartAsync();
        await house.AddAsync("tell", receiver, Event.Issued);

        await (await house.AccountAsync()).IssueAsync("nas.test");
        await Until.TrueAsync(async () => (await house.GetAsync("tell")).LastFailure.Length > 0, "it is refused");
        var tried = await house.Webhooks().TestWebhookAsync(new() { Name = "webhooks/tell" });

        Assert.Contains("127.0.0.1 is outside the ranges that may be dialled", (await house.GetAsync("tell")).LastFailure, StringComparison.Ordinal);
        Assert.False(tried.Delivered);
        Assert.Contains("127.0.0.1", tried.Failure, StringComparison.Ordinal);
        Assert.Empty(receiver.Calls);
    }

    [Fact]
    public async Task AnEndThatIsNear_IsToldOnce_UnlessSomethingReplacesIt()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        var account = await house.AccountAsync();
        var (lonely, renewed) = (await account.IssueAsync("lonely.test"), await account.IssueAsync("renewed.test"));
        var revoked = await account.IssueAsync("revoked.test");
        await account.RevokeAsync(revoked.Leaf.RawData);
        foreach (var old in new[] { lonely, renewed, revoked }) await AgeAsync(house, SerialOf(old));
        await account.IssueAsync("renewed.test");
        await account.IssueAsync("young.test");
        await house.AddAsync("tell", receiver, Event.Expiring);
        var watch = house.Services.GetRequiredService<ExpiryWatch>();

        var told = await watch.RunAsync(Stop);
        var again = await watch.RunAsync(Stop);
        var call = Assert.Single(await receiver.UntilAsync("certificate.expiring"));
        var afterwards = await watch.RunAsync(Stop);

        Assert.Equal(1, told);
        Assert.Equal((0, 0), (again, afterwards));
        Assert.Equal("lonely.test", call.Json["data"]!["identifiers"]![0]!["value"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(24, 7 * 24, 6)]
    [InlineData(90 * 24, 7 * 24, 7 * 24)]
    [InlineData(90 * 24, 60 * 24, 90 * 24 / 4)]
    public void ExpiringWithin_IsAtMostAQuarterOfTheLife(int lifeHours, int withinHours, int before)
    {
        var webhook = new WebhookRecord { Id = "x", ExpiringWithin = TimeSpan.FromHours(withinHours) };
        var end = DateTimeOffset.UnixEpoch.AddYears(60);
        Assert.Equal(end.AddHours(-before), webhook.ExpiringAt(end.AddHours(-lifeHours), end));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TwoControlPlanesOnOneStore_DeliverOnce(bool onPostgresql)
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var first = new RunningControlPlane();
        first.Use([new("Webhooks:Ranges", "127.0.0.0/8"), .. onPostgresql
            ? new KeyValuePair<string, string?>[] { new("Storage:Provider", "postgresql"), new("Storage:ConnectionFile", await postgres.Server.CreateDatabaseAsync()) }
            : []]);
        await first.InitializeAsync();
        await using var second = new RunningControlPlane();
        await second.JoinAsync(first);
        var webhooks = new WebhookService.WebhookServiceClient(first.Admin());
        await webhooks.CreateWebhookAsync(new() { WebhookId = "tell", Webhook = new() { Url = $"https://127.0.0.1:{receiver.Port}/", Events = { Event.Issued }, CaPem = receiver.CaPem } });

        await QueueAsync(first.Store, "tell", 60);
        await QueueAsync(second.Store, "tell", 30);
        await Until.TrueAsync(async () => (await webhooks.GetWebhookAsync(new() { Name = "webhooks/tell" })).DeliveredCount == 60, "all are delivered");

        Assert.Equal(60, receiver.Calls.Count);
        Assert.Equal(60, receiver.Calls.Select(c => c.Id).Distinct(StringComparer.Ordinal).Count());
    }

    // As an act would queue them; the same numbers again are the same messages.
    private static Task<bool> QueueAsync(ControlPlane.Storage.IStore store, string webhookId, int count) => store.WriteAsync(async session =>
    {
        var webhook = (await WebhookStore.FindAsync(session, webhookId))!;
        var now = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < count; i++)
        {
            var id = count <= 10 ? $"m{i}" : $"m{i:d3}";
            await DeliveryStore.AddAsync(session, webhookId, WebhookMessage.Test(webhook, id, now), now.AddMilliseconds(i - count));
        }
        return true;
    }, Stop);

    private static string SerialOf(IssuedCertificate issued) =>
        SerialNumber.TryParseHex(issued.Leaf.SerialNumber.ToLowerInvariant(), out var serial) ? serial.Hex : throw new InvalidOperationException("no serial");

    private static Task<int> AgeAsync(House house, string serial) => house.Store.WriteAsync(session => session
        .Sql("update certificates set not_before = @from, not_after = @until where serial = @serial")
        .With("@from", TimeProvider.System.GetUtcNow().AddHours(-20)).With("@until", TimeProvider.System.GetUtcNow().AddHours(4)).With("@serial", serial).ExecuteAsync(), Stop);
}
