namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// Deletes what expired, in batches so small that nobody waits for them, and gives the space back to the file system.
/// One process of those that share a store does it at a time.
/// </summary>
internal sealed class Sweeper(IStore store, StoreOptions options, IEnumerable<SweepTask> tasks, TimeProvider time, ILogger<Sweeper> log)
    : BackgroundService
{
    private static readonly TimeSpan Term = TimeSpan.FromMinutes(2), LongestRest = TimeSpan.FromMilliseconds(100);

    private readonly Lease lease = new("sweeper", Term);
    private readonly List<Round> rounds = [.. tasks.Select(task => new Round(task, new SweepSize(options.SweepBatch, options.SweepTime)))];
    private readonly SweepSize pages = new(options.ReclaimPages, options.SweepTime);
    private DateTimeOffset heldUntil = DateTimeOffset.MinValue;

    /// <summary>Sweeps what is due; returns the rows deleted. Nothing is due while another process holds the lease.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var deleted = 0;
        foreach (var round in rounds) deleted += await SweepAsync(round, cancellationToken);
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
            foreach (var round in rounds) await TryAsync(round, stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // A sweep that fails is tried at the next tick: nothing is lost but space. It keeps no other from its turn.
    private async Task TryAsync(Round round, CancellationToken cancellationToken)
    {
        try
        {
            await SweepAsync(round, cancellationToken);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or IOException)
        {
            SweeperLog.Delayed(log, round.Task.Name, fault.Message);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            SweeperLog.Failed(log, fault, round.Task.Name);
        }
    }

    private async Task<int> SweepAsync(Round round, CancellationToken cancellationToken)
    {
        // Further ahead than it can be: the clock was set back since.
        var now = time.GetUtcNow();
        if ((round.Due > now && round.Due <= now + round.Task.Interval) || !await HoldAsync(cancellationToken)) return 0;
        var (total, batches) = (0, 0);
        var batch = new SweepBatch(0, More: true);
        while (batch.More && (batches == 0 || await HoldAsync(cancellationToken)))
        {
            var began = time.GetTimestamp();
            batch = await round.Task.RunAsync(store, time.GetUtcNow(), round.Size.Next, cancellationToken);
            round.Size.Learn(time.GetElapsedTime(began));
            total += batch.Deleted;
            batches++;
            if (batch.Deleted > 0) await ReclaimOnceAsync(cancellationToken);
            if (batch.More) await RestAsync(began, cancellationToken);
        }
        if (total > 0)
        {
            await ReclaimAsync(cancellationToken);
            SweeperLog.Swept(log, round.Task.Name, total, batches);
        }
        round.Due = time.GetUtcNow() + round.Task.Interval;
        return total;
    }

    // A batch may free more pages than were given back after it.
    private async Task ReclaimAsync(CancellationToken cancellationToken)
    {
        for (var (before, left) = (long.MaxValue, long.MaxValue - 1); left > 0 && left < before;)
        {
            var began = time.GetTimestamp();
            (before, left) = (left, await ReclaimOnceAsync(cancellationToken));
            if (left > 0) await RestAsync(began, cancellationToken);
        }
    }

    private async Task<long> ReclaimOnceAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var left = await store.ReclaimAsync(pages.Next, cancellationToken);
        pages.Learn(time.GetElapsedTime(began));
        return left;
    }

    // As long as the work took, so that others have the store for at least half of the time.
    private async Task RestAsync(long began, CancellationToken cancellationToken)
    {
        var took = time.GetElapsedTime(began);
        if (took > TimeSpan.Zero) await Task.Delay(took < LongestRest ? took : LongestRest, time, cancellationToken);
    }

    // Asked for anew when half of the term is over, so that an idle sweeper hardly writes.
    private async ValueTask<bool> HoldAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (heldUntil - now > Term / 2) return true;
        var held = await store.WriteAsync(session => lease.HoldAsync(session, now), cancellationToken, Urgency.Freeing);
        heldUntil = held ? now + Term : DateTimeOffset.MinValue;
        return held;
    }

    private sealed class Round(SweepTask task, SweepSize size)
    {
        public SweepTask Task => task;

        public SweepSize Size => size;

        public DateTimeOffset Due { get; set; } = DateTimeOffset.MinValue;
    }
}
