using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>WebhookService: services that are asked or told about certificates.</summary>
internal sealed class WebhookApi(IStore store, WebhookEditing editing, OnceOnly onceOnly, PageTokens tokens) : WebhookService.WebhookServiceBase
{
    private const string Query = "webhooks";

    private static readonly TimeSpan UsualOverlap = TimeSpan.FromHours(24);

    public override async Task<Webhook> GetWebhook(GetWebhookRequest request, ServerCallContext context) =>
        WebhookMapping.ToProto(await editing.GetAsync(IdOf(request.Name), context.CancellationToken));

    public override async Task<ListWebhooksResponse> ListWebhooks(ListWebhooksRequest request, ServerCallContext context)
    {
        var page = tokens.Read(request.PageSize, request.PageToken, Query, parts: 1);
        var read = await store.ReadAsync(session => WebhookStore.ListAsync(session, page.IsFirst ? "" : page.After[0], page.Size + 1), context.CancellationToken);
        var (rows, next) = page.Cut(read, view => tokens.Token(Query, view.Webhook.Id));
        return new ListWebhooksResponse { Webhooks = { rows.Select(WebhookMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<CreateWebhookResponse> CreateWebhook(CreateWebhookRequest request, ServerCallContext context)
    {
        ChosenId.Check(request.WebhookId, "webhook_id");
        var wanted = WebhookMapping.Apply(new WebhookRecord { Id = request.WebhookId }, request.Webhook, new FieldChanges(["*"]));
        if (request.ValidateOnly)
        {
            await editing.CheckAsync(wanted, context.CancellationToken);
            return Answer(new WebhookView(wanted, WebhookHealth.None));
        }
        return await onceOnly.RunAsync(context, request, request.RequestId, CreateWebhookResponse.Parser, async note =>
        {
            var (made, secret) = await editing.CreateAsync(wanted, context.Caller().Actor,
                // What is kept for a repeated request has no secret in it: that is shown once.
                note is null ? null : (session, view) => note(session, Answer(view)), context.CancellationToken);
            var answer = Answer(made);
            answer.Secret = secret;
            return answer;
        });
    }

    public override async Task<Webhook> UpdateWebhook(UpdateWebhookRequest request, ServerCallContext context)
    {
        var changes = new FieldChanges(request.UpdateMask?.Paths ?? []);
        return WebhookMapping.ToProto(await editing.UpdateAsync(
            Wire.Id(request.Webhook.Name, ResourceName.Webhooks, "webhook.name"), request.Webhook.Etag,
            old => WebhookMapping.Apply(old, request.Webhook, changes), context.Caller().Actor, request.ValidateOnly, context.CancellationToken));
    }

    public override async Task<Empty> DeleteWebhook(DeleteWebhookRequest request, ServerCallContext context)
    {
        await editing.DeleteAsync(IdOf(request.Name), request.Etag, context.Caller().Actor, context.CancellationToken);
        return new Empty();
    }

    public override async Task<RotateWebhookSecretResponse> RotateWebhookSecret(RotateWebhookSecretRequest request, ServerCallContext context)
    {
        var overlap = request.PreviousSecretLifetime?.ToTimeSpan() ?? UsualOverlap;
        var (webhook, secret) = await editing.RotateSecretAsync(IdOf(request.Name), request.Etag, overlap, context.Caller().Actor, context.CancellationToken);
        return new RotateWebhookSecretResponse { Webhook = WebhookMapping.ToProto(webhook), Secret = secret };
    }

    public override async Task<TestWebhookResponse> TestWebhook(TestWebhookRequest request, ServerCallContext context) =>
        WebhookMapping.ToProto(await editing.TestAsync(IdOf(request.Name), context.CancellationToken));

    public override async Task<ListWebhookDeliveriesResponse> ListWebhookDeliveries(ListWebhookDeliveriesRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Parent, ResourceName.Webhooks, "parent");
        var webhook = (await editing.GetAsync(id, context.CancellationToken)).Webhook;
        var query = webhook.Name;
        var page = tokens.Read(request.PageSize, request.PageToken, query, parts: 2);
        var (after, afterId) = page.IsFirst ? (DateTimeOffset.UnixEpoch, "") : (Wire.Position(page.After[0]), page.After[1]);
        var read = await store.ReadAsync(session => DeliveryStore.ListAsync(session, id, after, afterId, page.Size + 1), context.CancellationToken);
        var (rows, next) = page.Cut(read,
            d => tokens.Token(query, d.CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), d.Message.Id));
        return new ListWebhookDeliveriesResponse { Deliveries = { rows.Select(WebhookMapping.ToProto) }, NextPageToken = next };
    }

    private static CreateWebhookResponse Answer(WebhookView view) => new() { Webhook = WebhookMapping.ToProto(view) };

    private static string IdOf(string name) => Wire.Id(name, ResourceName.Webhooks, "name");
}
