using System.Collections.Immutable;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>Who has to be told of an act, decided before its transaction begins.</summary>
internal sealed class WebhookNotices(WebhookBook book, TimeProvider time)
{
    /// <summary>The webhooks that want to be told; mostly none.</summary>
    public async ValueTask<WebhookNotice> ForAsync(WebhookEvent what, CancellationToken cancellationToken) =>
        new(what, [.. (await book.CurrentAsync(cancellationToken)).Where(w => !w.Disabled && w.Events.Contains(what))], time);
}

/// <summary>Writes what is to be told into the transaction of the act, so that nothing is told that did not happen and nothing is forgotten that did.</summary>
internal readonly record struct WebhookNotice(WebhookEvent What, ImmutableArray<WebhookRecord> Webhooks, TimeProvider Time)
{
    /// <summary>May run more than once, as writes do; a message that is there already stays as it is.</summary>
    public async ValueTask WriteAsync(StoreSession session, CertificateRecord certificate)
    {
        foreach (var webhook in Webhooks)
            if (webhook.Wants(What, certificate.ProvisionerId))
                await DeliveryStore.AddAsync(session, webhook.Id, WebhookMessage.Of(webhook, What, certificate, Time.GetUtcNow()), Time.GetUtcNow());
    }
}
