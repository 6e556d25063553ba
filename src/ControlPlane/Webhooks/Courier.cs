using System.Collections.Concurrent;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>
/// One round to one webhook: takes what is due, a few at a time, until nothing is. Each attempt is claimed in its row first,
/// so that of several processes one makes it; one that dies with its claim leaves it to the others a while later.
/// </summary>
internal sealed class Courier(WebhookRecord webhook, IStore store, WebhookCaller caller, WebhookOptions options, DeliveryFaults faults, TimeProvider time)
{
    // Longer than an attempt with all its writes.
    private static readonly TimeSpan ClaimSlack = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan TrimEvery = TimeSpan.FromSeconds(10);

    // Other writes come between two batches.
    private const int TrimBatch = 500;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await TrimAsync(cancellationToken);
        var trimmed = time.GetTimestamp();
        while (await ClaimAsync(cancellationToken) is { Count: > 0 } claimed)
        {
            await Task.WhenAll(claimed.Select(delivery => DeliverAsync(delivery, cancellationToken)));
            // Where more happens than the receiver takes, this has no end, and the queue would have none.
            if (time.GetElapsedTime(trimmed) < TrimEvery) continue;
            await TrimAsync(cancellationToken);
            trimmed = time.GetTimestamp();
        }
    }

    // Held here and not by each act: acts would meet at one counter.
    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        if (await store.ReadAsync(session => DeliveryStore.CountAsync(session, webhook.Id), cancellationToken) <= options.QueueLimit) return;
        var (dropped, batch) = (0, 0);
        do
        {
            batch = await store.WriteAsync(async session =>
            {
                var trimmed = await DeliveryStore.TrimAsync(session, webhook.Id, options.QueueLimit, TrimBatch);
                if (trimmed > 0) await WebhookStore.CountDroppedAsync(session, webhook.Id, trimmed);
                return trimmed;
            }, cancellationToken);
            dropped += batch;
        }
        while (batch == TrimBatch);
        if (dropped > 0) faults.Dropped(webhook, dropped);
    }

    private async Task<List<WebhookDelivery>> ClaimAsync(CancellationToken cancellationToken)
    {
        // Looked at before it is written to, since mostly nothing is due.
        var due = await store.ReadAsync(session => DeliveryStore.ListDueAsync(session, webhook.Id, time.GetUtcNow(), options.Concurrency), cancellationToken);
        return due.Count == 0 ? due : await store.WriteAsync(async session =>
        {
            var until = time.GetUtcNow() + webhook.Timeout + ClaimSlack;
            var claimed = new List<WebhookDelivery>(due.Count);
            foreach (var delivery in due)
                if (await DeliveryStore.ClaimAsync(session, delivery, until)) claimed.Add(delivery with { Attempts = delivery.Attempts + 1 });
            return claimed;
        }, cancellationToken);
    }

    private async Task DeliverAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        string? failure;
        try
        {
            failure = await TryAsync(delivery, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The program stops: whoever runs next need not wait for the claim to run out.
            await store.WriteAsync(session => DeliveryStore.PutOffAsync(session, delivery.Message.Id, time.GetUtcNow(), delivery.Failure), CancellationToken.None);
            return;
        }
        // What was sent is noted even when the program stops now, so that it is not sent again.
        if (failure is null) await ArrivedAsync(delivery);
        else await FailedAsync(delivery, failure);
    }

    private async Task<string?> TryAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await caller.CallAsync(webhook, delivery.Message, webhook.Timeout, cancellationToken);
            return answer.IsSuccess ? null : $"{answer.Address} answered with status {answer.Status}";
        }
        catch (WebhookFaultException fault)
        {
            return fault.Message;
        }
    }

    private async Task ArrivedAsync(WebhookDelivery delivery)
    {
        await store.WriteAsync(async session =>
            await DeliveryStore.RemoveAsync(session, delivery.Message.Id) && await WebhookStore.CountDeliveredAsync(session, webhook.Id, time.GetUtcNow()) == 1, CancellationToken.None);
        faults.Arrived(webhook);
    }

    private async Task FailedAsync(WebhookDelivery delivery, string failure)
    {
        var now = time.GetUtcNow();
        var over = delivery.Attempts >= options.MaxAttempts || now - delivery.CreatedAt >= options.MaxAge;
        await store.WriteAsync(async session =>
        {
            if (over) await DeliveryStore.RemoveAsync(session, delivery.Message.Id);
            else await DeliveryStore.PutOffAsync(session, delivery.Message.Id, now + PauseAfter(delivery.Attempts), failure);
            return await WebhookStore.NoteFailureAsync(session, webhook.Id, failure, over ? 1 : 0, now);
        }, CancellationToken.None);
        if (over) faults.GivenUp(webhook, delivery, failure);
        else faults.Failed(webhook, failure);
    }

    // Doubled each time, and shortened by up to a fifth so that deliveries that failed together do not return together.
    private TimeSpan PauseAfter(long attempts)
    {
        var pause = options.FirstPause * Math.Pow(2, Math.Min(attempts - 1, 20));
        if (pause > options.LongestPause) pause = options.LongestPause;
        return pause * (1 - RandomNumberGenerator.GetInt32(200) / 1000.0);
    }
}

/// <summary>Says once that a webhook takes no deliveries, and once that it does again.</summary>
internal sealed class DeliveryFaults(ILogger log)
{
    private readonly ConcurrentDictionary<string, bool> failing = new(StringComparer.Ordinal);

    public void Failed(WebhookRecord webhook, string failure)
    {
        if (failing.TryAdd(webhook.Id, true)) log.Failing(webhook.Name, failure);
    }

    public void Arrived(WebhookRecord webhook)
    {
        if (failing.TryRemove(webhook.Id, out _)) log.Recovered(webhook.Name);
    }

    public void GivenUp(WebhookRecord webhook, WebhookDelivery delivery, string failure) =>
        log.GivenUp(webhook.Name, delivery.Message.Id, delivery.Message.Type, delivery.Attempts, failure);

    public void Dropped(WebhookRecord webhook, int dropped) => log.Dropped(webhook.Name, dropped);
}
