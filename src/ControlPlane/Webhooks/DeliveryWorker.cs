using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>
/// Delivers what waits, to each webhook at its own pace, so that one that is slow or away holds nobody else up; and looks
/// for certificates that near their end.
/// </summary>
internal sealed class DeliveryWorker(IStore store, WebhookBook book, WebhookCaller caller, ExpiryWatch expiries, WebhookOptions options, TimeProvider time, ILogger<DeliveryWorker> log)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500), BetweenExpiries = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Task> couriers = new(StringComparer.Ordinal);
    private readonly DeliveryFaults faults = new(log);
    private DateTimeOffset expiriesDue = DateTimeOffset.MinValue;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var delayed = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken);
                delayed = false;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                // Nothing is lost: what waits stays in its rows. Said once, until it works again.
                if (!delayed) log.Delayed(fault.Message, fault is StoreUnavailableException ? null : fault);
                delayed = true;
            }
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(couriers.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        // A courier that failed says so here, once for all; the next round starts another.
        foreach (var (id, courier) in couriers.Where(c => c.Value.IsCompleted).ToList())
        {
            couriers.Remove(id);
            await courier;
        }
        foreach (var webhook in await book.CurrentAsync(cancellationToken))
            if (!webhook.Disabled && !couriers.ContainsKey(webhook.Id))
                couriers[webhook.Id] = new Courier(webhook, store, caller, options, faults, time).RunAsync(cancellationToken);
        if (expiriesDue > time.GetUtcNow()) return;
        await expiries.RunAsync(cancellationToken);
        expiriesDue = time.GetUtcNow() + BetweenExpiries;
    }
}
