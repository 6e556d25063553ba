using System.Text;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.ControlPlane.Tests.Operators;
using GrpcCa.ControlPlane.Webhooks;
using GrpcCa.TestKit;
using GrpcCa.V1;
using Microsoft.Extensions.DependencyInjection;
using static GrpcCa.V1.Webhook.Types;

namespace GrpcCa.ControlPlane.Tests.Webhooks;

/// <summary>WebhookService: what people do to webhooks.</summary>
[Collection(ControlPlaneGroup.Name)]
public sealed class WebhookServiceTests(RunningControlPlane plane)
{
    private WebhookService.WebhookServiceClient Webhooks => new(plane.Admin());

    [Fact]
    public async Task Webhook_IsMadeReadChangedAndRemoved_AndItsSecretIsShownOnce()
    {
        var made = await Webhooks.CreateWebhookAsync(new()
        {
            WebhookId = "life", Webhook = new() { Url = "https://hooks.net.gq/x?y=1", Events = { Event.Revoked, Event.Issued }, Provisioners = { "provisioners/acme" }, Comment = "inventory" },
        });
        var read = await Webhooks.GetWebhookAsync(new() { Name = "webhooks/life" });
        var changed = await Webhooks.UpdateWebhookAsync(new()
        {
            Webhook = new() { Name = "webhooks/life", Comment = "", Timeout = new() { Seconds = 9 }, Etag = read.Etag }, UpdateMask = new() { Paths = { "comment", "timeout" } },
        });
        var stale = await Assert.ThrowsAsync<RpcException>(async () => await Webhooks.UpdateWebhookAsync(new() { Webhook = new() { Name = "webhooks/life", Comment = "x", Etag = read.Etag } }));
        var rotated = await Webhooks.RotateWebhookSecretAsync(new() { Name = "webhooks/life" });
        var listed = await Webhooks.ListWebhooksAsync(new());
        await Webhooks.DeleteWebhookAsync(new() { Name = "webhooks/life" });
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await Webhooks.GetWebhookAsync(new() { Name = "webhooks/life" }));

        Assert.Equal(made.Webhook, read);
        Assert.Equal([Event.Issued, Event.Revoked], read.Events);
        Assert.Equal((5, 7 * 24 * 3600), (read.Timeout.Seconds, read.ExpiringWithin.Seconds));
        Assert.Equal(("", 9, "https://hooks.net.gq/x?y=1"), (changed.Comment, changed.Timeout.Seconds, changed.Url));
        Assert.Equal(StatusCode.Aborted, stale.StatusCode);
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
        Assert.NotEqual(made.Secret, rotated.Secret);
        Assert.NotNull(rotated.Webhook.PreviousSecretExpireTime);
        Assert.Equal(32, Convert.FromBase64String(made.Secret["whsec_".Length..]).Length);
        var audit = await new AuditService.AuditServiceClient(plane.Admin()).ListAuditEventsAsync(new() { Filter = "resource = \"webhooks/life\"" });
        Assert.Equal(["webhook.create", "webhook.delete", "webhook.rotateSecret", "webhook.update"], audit.AuditEvents.Select(e => e.Action).Order(StringComparer.Ordinal));
        Assert.All(new IMessage[] { read, changed, rotated.Webhook, listed, audit }, message =>
        {
            Assert.DoesNotContain(made.Secret["whsec_".Length..], message.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(rotated.Secret["whsec_".Length..], message.ToString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Create_Again_WithTheSameRequestId_AnswersWithoutTheSecret()
    {
        var request = new CreateWebhookRequest { WebhookId = "once", Webhook = new() { Url = "https://hooks.net.gq/", Events = { Event.Issued } }, RequestId = "webhook-once" };

        var first = await Webhooks.CreateWebhookAsync(request);
        var second = await Webhooks.CreateWebhookAsync(request);
        var taken = await Assert.ThrowsAsync<RpcException>(async () => await Webhooks.CreateWebhookAsync(new(request) { RequestId = "" }));

        Assert.NotEmpty(first.Secret);
        Assert.Empty(second.Secret);
        Assert.Equal(first.Webhook, second.Webhook);
        Assert.Equal(StatusCode.AlreadyExists, taken.StatusCode);
    }

    public static TheoryData<string, string, string> Wrong() => new()
    {
        { "url", "http://hooks.net.gq/", "webhook.url" },
        { "url", "https://", "webhook.url" },
        { "url", "ftp://hooks.net.gq/", "webhook.url" },
        { "url", "https://user:pass@hooks.net.gq/", "webhook.url" },
        { "url", "https://hooks.net.gq/#there", "webhook.url" },
        { "url", "https://höoks.net.gq/", "webhook.url" },
        { "url", " https://hooks.net.gq/", "webhook.url" },
        { "provisioner", "provisioners/nobody", "webhook.provisioners[0]" },
        { "timeout", "0.5", "webhook.timeout" },
        { "timeout", "21", "webhook.timeout" },
        { "expiring", "59", "webhook.expiring_within" },
        { "ca", "no certificate", "webhook.ca_pem" },
        { "ca", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "webhook.ca_pem" },
        { "ca", "leaf", "webhook.ca_pem" },
        { "events", "", "webhook.events" },
        { "id", "Über", "webhook_id" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Create_WithSomethingWrong_NamesTheField(string what, string value, string field)
    {
        var webhook = new Webhook { Url = what == "url" ? value : "https://hooks.net.gq/", Events = { Event.Issued } };
        if (what == "events") webhook.Events.Clear();
        if (what == "provisioner") webhook.Provisioners.Add(value);
        if (what == "timeout") webhook.Timeout = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(double.Parse(value, System.Globalization.CultureInfo.InvariantCulture)));
        if (what == "expiring") webhook.ExpiringWithin = new() { Seconds = long.Parse(value, System.Globalization.CultureInfo.InvariantCulture) };
        if (what == "ca") webhook.CaPem = value == "leaf" ? new TestAuthority("x", TimeProvider.System).IssueWithKey(TimeSpan.FromDays(1), names: ["x.test"]).ExportCertificatePem() : value;

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await Webhooks.CreateWebhookAsync(new() { WebhookId = what == "id" ? value : "wrong", Webhook = webhook, ValidateOnly = true }));

        Assert.Equal(StatusCode.InvalidArgument, fault.StatusCode);
        Assert.Equal([field], fault.Fields());
    }

    [Fact]
    public async Task Update_WhileASecondOperatorIsDemanded_WaitsForOne()
    {
        await using var own = new RunningControlPlane();
        await own.InitializeAsync();
        using var alice = await own.OperatorAsync("alice", Role.Owner);
        using var bob = await own.OperatorAsync("bob", Role.Operator);
        using var carol = await own.OperatorAsync("carol", Role.Operator);
        await new OperatorService.OperatorServiceClient(own.Admin()).UpdateOperatorAsync(new() { Operator = new() { Name = "operators/carol", Provisioners = { "provisioners/acme" } } });
        var webhooks = new WebhookService.WebhookServiceClient(own.Remote(bob));
        await webhooks.CreateWebhookAsync(new() { WebhookId = "ask", Webhook = new() { Url = "https://hooks.net.gq/", Events = { Event.Authorize } } });
        var approvals = new ApprovalService.ApprovalServiceClient(own.Remote(alice));
        await approvals.SetApprovalDemandAsync(new() { Resource = "provisioners/acme", Required = true });

        var waits = await Assert.ThrowsAsync<RpcException>(async () => await webhooks.UpdateWebhookAsync(new() { Webhook = new() { Name = "webhooks/ask", Disabled = true }, UpdateMask = new() { Paths = { "disabled" } } }));
        var bound = await Assert.ThrowsAsync<RpcException>(async () => await new WebhookService.WebhookServiceClient(own.Remote(carol)).DeleteWebhookAsync(new() { Name = "webhooks/ask" }));
        var before = await webhooks.GetWebhookAsync(new() { Name = "webhooks/ask" });
        var name = waits.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Metadata["approval"];
        await approvals.ApproveApprovalAsync(new() { Name = name, RequestSha256 = (await approvals.GetApprovalAsync(new() { Name = name })).RequestSha256 });
        var after = await webhooks.GetWebhookAsync(new() { Name = "webhooks/ask" });

        Assert.Equal("APPROVAL_REQUIRED", waits.Reason());
        Assert.Equal(StatusCode.PermissionDenied, bound.StatusCode);
        Assert.Equal((false, true), (before.Disabled, after.Disabled));
    }

    [Fact]
    public void Signature_IsThatOfTheSpecification()
    {
        // The example of the documentation of Standard Webhooks' reference implementation.
        var secrets = plane.Services.GetRequiredService<WebhookSecrets>();
        var envelope = plane.Services.GetRequiredService<ControlPlane.Signing.SecretEnvelope>();
        var webhook = new WebhookRecord { Id = "spec", SealedSecret = envelope.Seal(Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "webhooks/spec") };

        var signature = secrets.Sign(webhook, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes("""{"test": 2432232314}"""));

        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    }

    [Fact]
    public async Task AfterARotation_BothSecretsSign_UntilTheOldOneEnds()
    {
        await using var house = await Hooks.HouseAsync();
        await using var receiver = await HookReceiver.StartAsync();
        var made = await house.AddAsync("tell", receiver, Event.Issued);

        var overlapping = await house.Webhooks().RotateWebhookSecretAsync(new() { Name = "webhooks/tell" });
        var both = await house.Webhooks().TestWebhookAsync(new() { Name = "webhooks/tell" });
        var sharp = await house.Webhooks().RotateWebhookSecretAsync(new() { Name = "webhooks/tell", PreviousSecretLifetime = new() });
        var one = await house.Webhooks().TestWebhookAsync(new() { Name = "webhooks/tell" });

        Assert.True(both.Delivered && one.Delivered, both.Failure + one.Failure);
        Assert.Equal(200, one.HttpStatus);
        var calls = receiver.Calls.ToArray();
        Assert.Equal([both.MessageId, one.MessageId], calls.Select(c => c.Id));
        Assert.True(calls[0].IsSignedWith(made.Secret) && calls[0].IsSignedWith(overlapping.Secret));
        Assert.True(calls[1].IsSignedWith(sharp.Secret));
        Assert.False(calls[1].IsSignedWith(overlapping.Secret) || calls[1].IsSignedWith(made.Secret));
    }
}
