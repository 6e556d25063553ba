using System.Collections.Immutable;
using GrpcCa.ControlPlane.Refusals;
using Polly;
using Polly.Retry;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>One attempt, with its time.</summary>
internal sealed record AttemptRecord(DateTimeOffset StartedAt, TimeSpan Duration, ChallengeOutcome Outcome);

/// <summary>A place among the attempts that run at once; waited for before each attempt, given back after it.</summary>
internal interface IAttemptPlace
{
    Task EnterAsync(CancellationToken cancellationToken);

    void Leave();
}

/// <summary>
/// Runs a validator until it succeeds or gives up (RFC 8555 §8.2): the first attempt at once, more after a pause, all
/// within a bound. It stores nothing; the worker records what it returns.
/// </summary>
internal sealed class ValidationAttempts
{
    private static readonly ResiliencePropertyKey<Run> RunKey = new("run");
    private static readonly TimeSpan ShortestAttempt = TimeSpan.FromSeconds(1);

    private readonly ValidationOptions options;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline<ChallengeOutcome> pipeline;

    private readonly ILogger<ValidationAttempts>? log;

    public ValidationAttempts(ValidationOptions options, TimeProvider time, ILogger<ValidationAttempts>? log = null)
    {
        this.log = log;
        this.options = options;
        this.time = time;
        var builder = new ResiliencePipelineBuilder<ChallengeOutcome> { TimeProvider = time };
        if (options.Attempts > 1)
            builder.AddRetry(new RetryStrategyOptions<ChallengeOutcome>
            {
                MaxRetryAttempts = options.Attempts - 1,
                ShouldHandle = arguments => ValueTask.FromResult(IsWorthAnother(arguments)),
                DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(Pause(arguments.AttemptNumber)),
            });
        pipeline = builder.Build();
    }

    /// <summary>All attempts in order; the last one's outcome counts. Only the caller's cancellation throws.</summary>
    public async Task<ImmutableArray<AttemptRecord>> RunAsync(
        IChallengeValidator validator, ChallengeTask task, CancellationToken cancellationToken, IAttemptPlace? place = null)
    {
        var turn = new Turn(place);
        await turn.TakeAsync(cancellationToken);
        // From here on, so that who waits long for a place has all the time that others have.
        var run = new Run(validator, task, time.GetTimestamp(), turn);
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            context.Properties.Set(RunKey, run);
            await pipeline.ExecuteAsync(static (context, self) => self.AttemptAsync(context), context, this);
            return run.Records.ToImmutable();
        }
        finally
        {
            turn.GiveBack();
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async ValueTask<ChallengeOutcome> AttemptAsync(ResilienceContext context)
    {
        var run = context.Properties.GetValue(RunKey, null!);
        await run.Turn.TakeAsync(context.CancellationToken);
        var left = options.Within - time.GetElapsedTime(run.Began);
        // A place that came late still makes an attempt, a short one.
        if (left < ShortestAttempt) left = ShortestAttempt;
        var timeout = left < run.Task.Bounds.AttemptTimeout ? left : run.Task.Bounds.AttemptTimeout;
        var startedAt = time.GetUtcNow();
        var began = time.GetTimestamp();
        var outcome = await LookAsync(run.Validator, run.Task with { Bounds = run.Task.Bounds with { AttemptTimeout = timeout } }, context.CancellationToken);
        run.Records.Add(new AttemptRecord(startedAt, time.GetElapsedTime(began), outcome));
        // The pause before the next attempt holds no place.
        run.Turn.GiveBack();
        return outcome;
    }

    // Whatever a stranger's answer does to a validator, the challenge ends with a sentence.
    private async ValueTask<ChallengeOutcome> LookAsync(IChallengeValidator validator, ChallengeTask task, CancellationToken cancellationToken)
    {
        try
        {
            return await validator.ValidateAsync(task, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (log is not null) ChallengeLog.ValidatorFailed(log, validator.Type, task.Identifier.ToString(), fault);
            return new ChallengeOutcome { Fault = new ChallengeFault(RefusalReason.IncorrectResponse, $"what came back for {task.Identifier} could not be read", MayRetry: false) };
        }
    }

    /// <summary>An attempt that could not start before the bound is not made.</summary>
    private bool IsWorthAnother(RetryPredicateArguments<ChallengeOutcome> arguments) =>
        arguments.Outcome.Result?.Fault is { MayRetry: true }
        && time.GetElapsedTime(arguments.Context.Properties.GetValue(RunKey, null!).Began) + Pause(arguments.AttemptNumber) < options.Within;

    /// <summary>1, 3, 9 … times the back-off; bounded so that many attempts do not overflow it.</summary>
    private TimeSpan Pause(int attempt) => options.Backoff * Math.Pow(3, Math.Min(attempt, 8));

    private sealed class Turn(IAttemptPlace? place)
    {
        private bool taken;

        public async ValueTask TakeAsync(CancellationToken cancellationToken)
        {
            if (taken || place is null) return;
            await place.EnterAsync(cancellationToken);
            taken = true;
        }

        public void GiveBack()
        {
            if (taken) place!.Leave();
            taken = false;
        }
    }

    private sealed record Run(IChallengeValidator Validator, ChallengeTask Task, long Began, Turn Turn)
    {
        public ImmutableArray<AttemptRecord>.Builder Records { get; } = ImmutableArray.CreateBuilder<AttemptRecord>();
    }
}
