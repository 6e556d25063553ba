namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// Deletes what expired, in batches so small that nobody waits for them, and gives the space back to the file system.
/// One process of those that share a store does it at a time.
/// </summary>
internal sealed class Sweeper(IStore store, StoreOptions options, IEnumerable<SweepTask> tasks, TimeProvider time, ILogger<Sweeper> log)
    : BackgroundService
{
    private static readonly TimeSpan Term = TimeSpan.FromMinutes(2);

    private readonly Lease lease = new("sweeper", Term);
    private readonly List<Round> rounds = [.. tasks.Select(task => new Round(task))];
    private DateTimeOffset heldUntil = DateTimeOffset.MinValue;

    /// <summary>Sweeps what is due; returns the rows deleted. Nothing is due while another process holds the lease.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var deleted = 0;
        foreach (var round in rounds)
        {
            if (round.Due > time.GetUtcNow() || !await HoldAsync(cancellationToken)) continue;
            deleted += await SweepAsync(round.Task, cancellationToken);
            round.Due = time.GetUtcNow() + round.Task.Interval;
        }
        return deleted;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (heldUntil <= time.GetUtcNow()) return;
        try
        {
            await store.WriteAsync(lease.ReleaseAsync, cancellationToken);
        }
        catch (StoreUnavailableException fault)
        {
            // It runs out by itself.
            SweeperLog.Delayed(log, "lease", fault.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (rounds.Count == 0) return;
        var pause = TimeSpan.FromTicks(Math.Min(rounds.Min(round => round.Task.Interval.Ticks), Term.Ticks / 2));
        using var timer = new PeriodicTimer(pause, time);
        do
        {
            await TryAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // A sweep that fails is tried at the next tick: nothing is lost but space.
    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SweepAsync(cancellationToken);
        }
        catch (StoreUnavailableException fault)
        {
            SweeperLog.Delayed(log, "all", fault.Message);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            SweeperLog.Failed(log, fault);
        }
    }

    private async Task<int> SweepAsync(SweepTask task, CancellationToken cancellationToken)
    {
        var (total, batches, deleted) = (0, 0, 0);
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (batches > 0 && !await HoldAsync(cancellationToken)) break;
            var now = time.GetUtcNow();
            deleted = await store.WriteAsync(session => task.DeleteAsync(session, now, options.SweepBatch), cancellationToken);
            if (deleted > 0) await store.ReclaimAsync(options.ReclaimPages, cancellationToken);
            total += deleted;
            batches++;
        }
        while (deleted >= options.SweepBatch);
        if (total > 0) SweeperLog.Swept(log, task.Name, total, batches);
        return total;
    }

    // Asked for anew when half of the term is over, so that an idle sweeper hardly writes.
    private async ValueTask<bool> HoldAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (heldUntil - now > Term / 2) return true;
        var held = await store.WriteAsync(session => lease.HoldAsync(session, now), cancellationToken);
        heldUntil = held ? now + Term : DateTimeOffset.MinValue;
        return held;
    }

    private sealed class Round(SweepTask task)
    {
        public SweepTask Task => task;

        public DateTimeOffset Due { get; set; } = DateTimeOffset.MinValue;
    }
}
