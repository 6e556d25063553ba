using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>
/// Looks which certificates near their end, page by page in the order of their ends, and queues a message about each, once
/// for each webhook. What was renewed is told to nobody.
/// </summary>
internal sealed class ExpiryWatch(IStore store, WebhookBook book, TimeProvider time, ILogger<ExpiryWatch> log)
{
    private const int PageSize = 500;

    private static readonly TimeSpan Term = TimeSpan.FromMinutes(2);

    private readonly Lease lease = new("webhook expiries", Term);

    /// <summary>Queues what is due now; returns how many messages. Nothing while another process does it.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var webhooks = (await book.CurrentAsync(cancellationToken)).Where(w => !w.Disabled && w.Events.Contains(WebhookEvent.Expiring)).ToList();
        if (webhooks.Count == 0 || !await store.WriteAsync(session => lease.HoldAsync(session, time.GetUtcNow()), cancellationToken)) return 0;
        var told = 0;
        foreach (var webhook in webhooks) told += await RunAsync(webhook, cancellationToken);
        await store.WriteAsync(lease.ReleaseAsync, cancellationToken);
        if (told > 0) log.ExpiriesTold(told);
        return told;
    }

    private async Task<int> RunAsync(WebhookRecord webhook, CancellationToken cancellationToken)
    {
        var told = 0;
        var now = time.GetUtcNow();
        var place = new ExpiryPlace(now, "");
        List<ExpiringRow> page;
        do
        {
            page = await store.ReadAsync(session => ExpiryStore.ListAsync(session, webhook.Id, place, now + webhook.ExpiringWithin, PageSize), cancellationToken);
            var due = page.Where(row => !row.IsTold && !row.IsOver && webhook.Wants(WebhookEvent.Expiring, row.ProvisionerId)
                && webhook.ExpiringAt(row.NotBefore, row.Place.NotAfter) <= now).Select(row => row.Place).ToList();
            if (due.Count > 0) told += await store.WriteAsync(session => TellAsync(session, webhook, due, now), cancellationToken);
            if (page.Count > 0) place = page[^1].Place;
        }
        while (page.Count == PageSize);
        return told;
    }

    private static async ValueTask<int> TellAsync(StoreSession session, WebhookRecord webhook, List<ExpiryPlace> due, DateTimeOffset now)
    {
        var told = 0;
        foreach (var place in due)
        {
            if (!SerialNumber.TryParseHex(place.Serial, out var serial) || await CertificateStore.FindAsync(session, serial) is not { } certificate) continue;
            if (!await ExpiryStore.NoteAsync(session, webhook.Id, place) || await ExpiryStore.HasSuccessorAsync(session, certificate)) continue;
            told += await DeliveryStore.AddAsync(session, webhook.Id, WebhookMessage.Of(webhook, WebhookEvent.Expiring, certificate, now), now);
        }
        return told;
    }
}
