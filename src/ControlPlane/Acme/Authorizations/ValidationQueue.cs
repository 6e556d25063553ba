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
    // By authorization: one of its challenges at a time.
    private readonly ConcurrentDictionary<string, Run> running = new(StringComparer.Ordinal);
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
        await Task.WhenAll(running.Values.Select(run => run.Done.Task)).WaitAsync(cancellationToken);
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
        if (running.ContainsKey(job.AuthorizationId)) return false;
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

    /// <summary>
    /// A validation that a client has just asked for. Most end within milliseconds: their result is the first thing that is
    /// written. One that takes longer is claimed, so that it outlives this process, and only then is it told to anybody.
    /// </summary>
    private async Task CarryOutAsync(ValidationJob job, FreshRun fresh)
    {
        var (begun, claiming, claimed) = (false, false, false);
        using var givenUp = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        try
        {
            // Between the client's reading and this, another run may have come and gone.
            if (await worker.FindAccountAsync(fresh.Authorization, job.ChallengeId, stop.Token) is not { } account)
            {
                fresh.Taken.SetResult(new FreshStart(IsFirst: false, HasBegun: false));
                return;
            }
            begun = true;
            var attempt = worker.AttemptAsync(fresh.Authorization, fresh.Challenge, account, places.Of(job.AccountId), givenUp.Token);
            if (await EndsBeforeClaimAsync(attempt))
            {
                var stored = await worker.StoreAsync(fresh.Authorization, fresh.Challenge, await attempt, ChallengeStatus.Pending);
                fresh.Taken.SetResult(new FreshStart(stored is not null, HasBegun: true) { Stored = stored });
                return;
            }
            claiming = true;
            claimed = await fresh.ClaimAsync();
            fresh.Taken.SetResult(new FreshStart(claimed, HasBegun: true));
            if (claimed) await worker.StoreAsync(fresh.Authorization, fresh.Challenge, await attempt, ChallengeStatus.Processing);
            else await givenUp.CancelAsync();
        }
        catch (Exception fault) when (!claimed)
        {
            // The client hears of it, and may ask again; what was attempted counts against its limit all the same.
            await givenUp.CancelAsync();
            fresh.Taken.TrySetResult(new FreshStart(IsFirst: false, begun) { Fault = fault });
            // A connection that breaks during a commit leaves open whether there is a claim: if so, it comes to an end.
            if (claiming && fault is StoreUnavailableException) await RepeatAsync(job, validate: true, FirstPause);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program stops: the claim stays, and the next start takes it up again.
        }
        catch (StoreUnavailableException fault)
        {
            log.StoreRefuses(job.AuthorizationId, FirstPause, fault.Message);
            await RepeatAsync(job, validate: true, FirstPause);
        }
        catch (Exception fault)
        {
            log.WorkerFailed(job.AuthorizationId, fault);
            await RepeatAsync(job, validate: false, TimeSpan.Zero);
        }
        finally
        {
            Leave(job, fresh.Done);
        }
    }

    private async Task<bool> EndsBeforeClaimAsync(Task attempt)
    {
        using var ended = new CancellationTokenSource();
        var first = await Task.WhenAny(attempt, Task.Delay(options.ClaimAfter, ended.Token));
        await ended.CancelAsync();
        return first == attempt && attempt.IsCompletedSuccessfully;
    }

    private async Task CarryOutAsync(ValidationJob job, TaskCompletionSource done)
    {
        try
        {
            await RepeatAsync(job, validate: true, TimeSpan.Zero);
        }
        finally
        {
            Leave(job, done);
        }
    }

    private void Leave(ValidationJob job, TaskCompletionSource done)
    {
        running.TryRemove(job.AuthorizationId, out _);
        Interlocked.Decrement(ref taken);
        done.TrySetResult();
    }

    // A claimed challenge comes to an end, however long the store refuses.
    private async Task RepeatAsync(ValidationJob job, bool validate, TimeSpan pause)
    {
        try
        {
            while (true)
            {
                if (pause > TimeSpan.Zero) await Task.Delay(pause, time, stop.Token);
                pause = pause * 2 < FirstPause ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
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
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program stops: the claim stays, and the next start takes it up again.
        }
    }

    private sealed record Run(Task<FreshStart> Taken, TaskCompletionSource Done);

    /// <summary>A seat in the queue: used once, or given back.</summary>
    internal sealed class Seat(ValidationQueue queue) : IDisposable
    {
        private bool used;
        private Task done = Task.CompletedTask;

        /// <summary>Starts a validation and waits until it is claimed or over.</summary>
        /// <param name="authorization">A pending authorization.</param>
        /// <param name="challenge">Its challenge, with who starts it and when.</param>
        /// <param name="claim">Writes the claim; false when another was first.</param>
        /// <returns>How it began; not first when another run has the authorization, whose claim or result is written by then.</returns>
        public async Task<FreshStart> StartAsync(Authorization authorization, Challenge challenge, Func<Task<bool>> claim)
        {
            var fresh = new FreshRun(authorization, challenge, claim);
            var run = queue.running.GetOrAdd(authorization.Id, _ => new Run(fresh.Taken.Task, fresh.Done));
            if (run.Done != fresh.Done)
            {
                // What keeps the other from being written keeps this one too.
                return new FreshStart(IsFirst: false, HasBegun: false) { Fault = (await run.Taken).Fault };
            }
            (used, done) = (true, fresh.Done.Task);
            var job = new ValidationJob(authorization.Id, challenge.Id) { AccountId = authorization.AccountId };
            _ = Task.Run(() => queue.CarryOutAsync(job, fresh), CancellationToken.None);
            return await fresh.Taken.Task;
        }

        /// <summary>Waits for the end of what was started, but no longer than <see cref="ValidationQueueOptions.AnswerWithin"/>.</summary>
        public async Task AwaitEndAsync(CancellationToken cancellationToken)
        {
            try
            {
                await done.WaitAsync(queue.AnswerWithin, cancellationToken);
            }
            catch (TimeoutException)
            {
                // The client polls; the status says processing.
            }
        }

        /// <summary>Queues a validation that is claimed; the task ends with it.</summary>
        public Task Start(ValidationJob job)
        {
            used = true;
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            queue.running[job.AuthorizationId] = new Run(Task.FromResult(new FreshStart(IsFirst: true, HasBegun: true)), ended);
            _ = Task.Run(() => queue.CarryOutAsync(job, ended), CancellationToken.None);
            return ended.Task;
        }

        public void Dispose()
        {
            if (!used) Interlocked.Decrement(ref queue.taken);
        }
    }
}

/// <summary>A validation that is not written yet.</summary>
/// <param name="Authorization">What it is about, as it was read.</param>
/// <param name="Challenge">The challenge, with who started it and when.</param>
/// <param name="ClaimAsync">Writes the claim; false when another was first.</param>
internal sealed record FreshRun(Authorization Authorization, Challenge Challenge, Func<Task<bool>> ClaimAsync)
{
    /// <summary>Ends when the store has the claim or the result, or will have neither.</summary>
    public TaskCompletionSource<FreshStart> Taken { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the validation.</summary>
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>How a validation began.</summary>
/// <param name="IsFirst">The claim or the result is this run's.</param>
/// <param name="HasBegun">It has asked the outside: it costs what an attempt costs.</param>
internal sealed record FreshStart(bool IsFirst, bool HasBegun)
{
    /// <summary>What was written, when the validation ended before a claim; null otherwise.</summary>
    public Authorization? Stored { get; init; }

    /// <summary>Why nothing was written; null when something was.</summary>
    public Exception? Fault { get; init; }
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

    /// <summary>How long a validation may take before it is written that it runs; default 50 ms.</summary>
    public TimeSpan ClaimAfter { get; init; } = TimeSpan.FromMilliseconds(50);
}
