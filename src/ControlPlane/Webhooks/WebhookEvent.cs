namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>What a webhook is asked about or told of; the numbers are those of <c>grpcca.v1.Webhook.Event</c>.</summary>
internal enum WebhookEvent
{
    /// <summary>Asked before a certificate is issued; without its yes nothing is.</summary>
    Authorize = 1,

    /// <summary>Told after a certificate was issued.</summary>
    Issued = 2,

    /// <summary>Told after a certificate was revoked.</summary>
    Revoked = 3,

    /// <summary>Told once when a certificate nears its end and nothing has replaced it.</summary>
    Expiring = 4,
}
