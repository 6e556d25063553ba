using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Fakes;

internal sealed class FakeWebhooks(FakeControlPlane fake) : WebhookService.WebhookServiceBase
{
    public override Task<Webhook> GetWebhook(GetWebhookRequest request, ServerCallContext context) => Task.FromResult(Find(request.Name));

    public override Task<ListWebhooksResponse> ListWebhooks(ListWebhooksRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.Webhooks, request.PageSize, request.PageToken);
        return Task.FromResult(new ListWebhooksResponse { Webhooks = { rows }, NextPageToken = next });
    }

    public override Task<CreateWebhookResponse> CreateWebhook(CreateWebhookRequest request, ServerCallContext context)
    {
        var name = "webhooks/" + request.WebhookId;
        if (!request.Webhook.Url.StartsWith("https://", StringComparison.Ordinal)) throw Refuse.Field("webhook.url", $"'{request.Webhook.Url}' is no https URL");
        if (fake.Data.Webhooks.Exists(w => w.Name == name)) throw Refuse.With(Code.AlreadyExists, $"{name} exists", "ALREADY_EXISTS");
        var made = new Webhook(request.Webhook) { Name = name, CreateTime = FakeData.At(0), Etag = "v1" };
        if (request.ValidateOnly) return Task.FromResult(new CreateWebhookResponse { Webhook = made });
        fake.Data.Webhooks.Add(made);
        return Task.FromResult(new CreateWebhookResponse { Webhook = made, Secret = "whsec_d2ViaG9vay1zZWNyZXQtd2ViaG9vay1zZWNyZXQtMTI=" });
    }

    public override Task<Webhook> UpdateWebhook(UpdateWebhookRequest request, ServerCallContext context)
    {
        var found = Find(request.Webhook.Name);
        Masks.Apply(request.Webhook, found, request.UpdateMask);
        found.Etag += "+";
        return Task.FromResult(found);
    }

    public override Task<Empty> DeleteWebhook(DeleteWebhookRequest request, ServerCallContext context)
    {
        fake.Data.Webhooks.Remove(Find(request.Name));
        return Task.FromResult(new Empty());
    }

    public override Task<RotateWebhookSecretResponse> RotateWebhookSecret(RotateWebhookSecretRequest request, ServerCallContext context)
    {
        var found = Find(request.Name);
        found.PreviousSecretExpireTime = Timestamp.FromDateTimeOffset(FakeData.Now + request.PreviousSecretLifetime.ToTimeSpan());
        return Task.FromResult(new RotateWebhookSecretResponse { Webhook = found, Secret = "whsec_YW5vdGhlci1zZWNyZXQtYW5vdGhlci1zZWNyZXQtMTI=" });
    }

    public override Task<TestWebhookResponse> TestWebhook(TestWebhookRequest request, ServerCallContext context) => Task.FromResult(Find(request.Name).LastFailure.Length == 0
        ? new TestWebhookResponse { Delivered = true, MessageId = "msg_02", HttpStatus = 204, Address = "100.64.0.7:443", Elapsed = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(31)) }
        : new TestWebhookResponse { Failure = Find(request.Name).LastFailure, MessageId = "msg_03", Elapsed = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) });

    public override Task<ListWebhookDeliveriesResponse> ListWebhookDeliveries(ListWebhookDeliveriesRequest request, ServerCallContext context)
    {
        var waits = Find(request.Parent).QueuedCount > 0;
        return Task.FromResult(new ListWebhookDeliveriesResponse
        {
            Deliveries =
            {
                waits
                    ? [new WebhookDelivery { MessageId = "msg_01", Type = "certificate.revoked", CreateTime = FakeData.At(-0.5), DueTime = FakeData.At(0.02), AttemptCount = 12, LastFailure = Find(request.Parent).LastFailure, Body = "{}" }]
                    : Array.Empty<WebhookDelivery>(),
            },
        });
    }

    private Webhook Find(string name) => fake.Data.Webhooks.Find(w => w.Name == name) ?? throw Refuse.NotFound(name);
}
