using System.Collections.Concurrent;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Hosting;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>One challenge to validate.</summary>
internal readonly record struct ValidationJob(string AuthorizationId, string ChallengeId)
{
    /// <summary>Whose turn it takes.</summary>
    public string AccountId { get; init; } = "";
}

/// <summary>
/// Runs validations, a bounded number at once, accounts in turn; who comes when the queue is full is told to come again.
/// What a stopped replica left unfinished is taken up again at the start, and nothing stays claimed without end.
/// </summary>
internal sealed class ValidationQueue(
    ChallengeWorker worker, IStore store, ValidationQueueOptions options, TimeProvider time, ILogger<ValidationQueue> log) : BackgroundService
{
    private const int ResumeBatch = 1000;
    private static readonly TimeSpan ComeAgain = TimeSpan.FromSeconds(10), FirstPause = TimeSpan.FromSeconds(2), LongestPause = TimeSpan.FromMinutes(1);

    private readonly ValidationPlaces places = new(options.Parallel, options.ParallelPerAccount);
    private readonly ConcurrentDictionary<ValidationJob, Task> running = new();
    private readonly CancellationTokenSource stop = new();
    private int taken;

    /// <summary>The replica that claims challenges.</summary>
    public string Replica => options.Replica;

    private TimeSpan AnswerWithin => options.AnswerWithin;

    /// <summary>Takes a seat in the queue, before the claim is written: what is claimed is also validated.</summary>
    /// <exception cref="RefusalException">RateLimited: the queue is full.</exception>
    public Seat TakeSeat() => TryTakeSeat()
        ?? throw new RefusalException(RefusalReason.RateLimited, "too many validations wait already; try again in a little while") { RetryAfter = ComeAgain };

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await stop.CancelAsync();
        await Task.WhenAll(running.Values).WaitAsync(cancellationToken);
    }

    public override void Dispose()
    {
        stop.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await ResumeAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program stops; the next start resumes.
        }
    }

    private async Task ResumeAsync(CancellationToken stoppingToken)
    {
        var (resumed, afterTime, afterId) = (0, DateTimeOffset.UnixEpoch, "");
        while (true)
        {
            var left = await ListAsync(afterTime, afterId, stoppingToken);
            if (left.Count == 0) break;
            foreach (var authorization in left)
                foreach (var challenge in authorization.Challenges.Where(c => c.Status == ChallengeStatus.Processing))
                    resumed += await ResumeAsync(new ValidationJob(authorization.Id, challenge.Id) { AccountId = authorization.AccountId }, stoppingToken) ? 1 : 0;
            (afterTime, afterId) = (left[^1].CreatedAt, left[^1].Id);
        }
        if (resumed > 0) log.Resumed(resumed);
    }

    private async Task<List<Authorization>> ListAsync(DateTimeOffset afterTime, string afterId, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                return await store.ReadAsync(s => AuthorizationStore.ListProcessingAsync(s, options.Replica, afterTime, afterId, ResumeBatch), stoppingToken);
            }
            catch (StoreUnavailableException)
            {
                await Task.Delay(FirstPause, time, stoppingToken);
            }
        }
    }

    // A client of a moment ago may have started it meanwhile.
    private async Task<bool> ResumeAsync(ValidationJob job, CancellationToken stoppingToken)
    {
        if (running.ContainsKey(job)) return false;
        Seat? seat;
        while ((seat = TryTakeSeat()) is null) await Task.Delay(FirstPause, time, stoppingToken);
        _ = seat.Start(job);
        return true;
    }

    private Seat? TryTakeSeat()
    {
        if (Interlocked.Increment(ref taken) <= options.Parallel + options.QueueLength) return new Seat(this);
        Interlocked.Decrement(ref taken);
        return null;
    }

    private async Task CarryOutAsync(ValidationJob job, TaskCompletionSource done)
    {
        var validate = true;
        var pause = FirstPause;
        try
        {
            while (true)
            {
                try
                {
                    if (validate) await worker.ValidateAsync(job, stop.Token, places.Of(job.AccountId));
                    else await worker.FailAsync(job, stop.Token);
                    return;
                }
                catch (StoreUnavailableException fault)
                {
                    log.StoreRefuses(job.AuthorizationId, pause, fault.Message);
                }
                catch (Exception fault) when (!stop.IsCancellationRequested)
                {
                    log.WorkerFailed(job.AuthorizationId, fault);
                    if (validate) (validate, pause) = (false, TimeSpan.Zero);
                }
                await Task.Delay(pause, time, stop.Token);
                pause = pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program stops: the claim stays, and the next start takes it up again.
        }
        finally
        {
            running.TryRemove(job, out _);
            Interlocked.Decrement(ref taken);
            done.TrySetResult();
        }
    }

    /// <summary>A seat in the queue: used once, or given back.</summary>
    internal sealed class Seat(ValidationQueue queue) : IDisposable
    {
        private bool used;

        /// <summary>Queues a validation and waits for its end, but no longer than <see cref="ValidationQueueOptions.AnswerWithin"/>.</summary>
        public async Task RunAsync(ValidationJob job, CancellationToken cancellationToken)
        {
            try
            {
                // The claim is in the store already: the job runs on even when this client goes away.
                await Start(job).WaitAsync(queue.AnswerWithin, cancellationToken);
            }
            catch (TimeoutException)
            {
                // The client polls; the status says processing.
            }
        }

        /// <summary>Queues a validation; the task ends with it.</summary>
        public Task Start(ValidationJob job)
        {
            used = true;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            queue.running[job] = done.Task;
            _ = Task.Run(() => queue.CarryOutAsync(job, done), CancellationToken.None);
            return done.Task;
        }

        public void Dispose()
        {
            if (!used) Interlocked.Decrement(ref queue.taken);
        }
    }
}

/// <summary>Bounds of the queue.</summary>
internal sealed record ValidationQueueOptions
{
    /// <summary>This replica's id, stable over restarts; default <c>main</c>.</summary>
    public string Replica { get; init; } = "main";

    /// <summary>Attempts at once; the pauses between attempts do not count; default 64.</summary>
    public int Parallel { get; init; } = 64;

    /// <summary>Attempts of one account at once; default 8.</summary>
    public int ParallelPerAccount { get; init; } = 8;

    /// <summary>Validations that wait; default 10,000.</summary>
    public int QueueLength { get; init; } = 10_000;

    /// <summary>How long the answer to a challenge POST waits for the result; default 300 ms.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromMilliseconds(300);
}
