using Google.Protobuf.WellKnownTypes;
using GrpcCa.ControlPlane.Webhooks;
using GrpcCa.Protocol;
using GrpcCa.V1;
using WebhookDelivery = GrpcCa.ControlPlane.Webhooks.WebhookDelivery;
using WebhookEvent = GrpcCa.ControlPlane.Webhooks.WebhookEvent;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Webhooks between the wire and the room.</summary>
internal static class WebhookMapping
{
    public static Webhook ToProto(WebhookView view)
    {
        var (record, health) = view;
        return new Webhook
        {
            Name = record.Name,
            Url = record.Url,
            Events = { record.Events.Select(e => (Webhook.Types.Event)(int)e) },
            Provisioners = { record.ProvisionerIds.Select(p => ResourceName.Of(ResourceName.Provisioners, p)) },
            Timeout = Duration.FromTimeSpan(record.Timeout),
            ExpiringWithin = Duration.FromTimeSpan(record.ExpiringWithin),
            Disabled = record.Disabled,
            Comment = record.Comment,
            CaPem = record.CaPem,
            Etag = record.Etag,
            CreateTime = Wire.Time(record.CreatedAt),
            UpdateTime = Wire.Time(record.UpdatedAt),
            PreviousSecretExpireTime = Wire.Time(record.PreviousUntil),
            QueuedCount = health.Queued,
            DeliveredCount = health.Delivered,
            GivenUpCount = health.GivenUp,
            DroppedCount = health.Dropped,
            LastDeliveryTime = Wire.Time(health.DeliveredAt),
            LastFailureTime = Wire.Time(health.FailedAt),
            LastFailure = health.Failure,
        };
    }

    /// <summary>The record with the fields that the request changes.</summary>
    public static WebhookRecord Apply(WebhookRecord record, Webhook wire, FieldChanges changes)
    {
        var usual = new WebhookRecord { Id = record.Id };
        return record with
        {
            Url = changes.Of("url", wire.Url.Length > 0) ? wire.Url : record.Url,
            Events = changes.Of("events", wire.Events.Count > 0) ? [.. wire.Events.Select(e => (WebhookEvent)(int)e).Where(e => e != 0).Distinct().Order()] : record.Events,
            ProvisionerIds = changes.Of("provisioners", wire.Provisioners.Count > 0)
                ? [.. wire.Provisioners.Select((p, i) => Wire.Id(p, ResourceName.Provisioners, $"webhook.provisioners[{i}]")).Distinct(StringComparer.Ordinal)]
                : record.ProvisionerIds,
            Timeout = changes.Of("timeout", wire.Timeout is not null) ? wire.Timeout?.ToTimeSpan() ?? usual.Timeout : record.Timeout,
            ExpiringWithin = changes.Of("expiring_within", wire.ExpiringWithin is not null) ? wire.ExpiringWithin?.ToTimeSpan() ?? usual.ExpiringWithin : record.ExpiringWithin,
            Disabled = changes.Of("disabled", wire.Disabled) ? wire.Disabled : record.Disabled,
            Comment = changes.Of("comment", wire.Comment.Length > 0) ? wire.Comment : record.Comment,
            CaPem = changes.Of("ca_pem", wire.CaPem.Length > 0) ? wire.CaPem : record.CaPem,
        };
    }

    public static TestWebhookResponse ToProto(WebhookTrial trial) => new()
    {
        Delivered = trial.Failure.Length == 0,
        Failure = trial.Failure,
        MessageId = trial.MessageId,
        HttpStatus = trial.Status,
        Address = trial.Address,
        Elapsed = Duration.FromTimeSpan(trial.Took),
    };

    public static V1.WebhookDelivery ToProto(WebhookDelivery delivery) => new()
    {
        MessageId = delivery.Message.Id,
        Type = delivery.Message.Type,
        CreateTime = Wire.Time(delivery.CreatedAt),
        DueTime = Wire.Time(delivery.DueAt),
        AttemptCount = delivery.Attempts,
        LastFailure = delivery.Failure,
        Body = System.Text.Encoding.UTF8.GetString(delivery.Message.Body),
    };
}
