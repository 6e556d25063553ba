using System.Collections.Immutable;
using Polly;
using Polly.Retry;

namespace GrpcCa.ControlPlane.Acme.Challenges;

/// <summary>One attempt, with its time.</summary>
internal sealed record AttemptRecord(DateTimeOffset StartedAt, TimeSpan Duration, ChallengeOutcome Outcome);

/// <summary>
/// Runs a validator until it succeeds or gives up (RFC 8555 §8.2): the first attempt at once, more after a pause, all
/// within a bound. It stores nothing; the worker records what it returns.
/// </summary>
internal sealed class ValidationAttempts
{
    private static readonly ResiliencePropertyKey<Run> RunKey = new("run");

    private readonly ValidationOptions options;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline<ChallengeOutcome> pipeline;

    public ValidationAttempts(ValidationOptions options, TimeProvider time)
    {
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
    public async Task<ImmutableArray<AttemptRecord>> RunAsync(IChallengeValidator validator, ChallengeTask task, CancellationToken cancellationToken)
    {
        var run = new Run(validator, task, time.GetTimestamp());
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            context.Properties.Set(RunKey, run);
            await pipeline.ExecuteAsync(static (context, self) => self.AttemptAsync(context), context, this);
            return run.Records.ToImmutable();
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async ValueTask<ChallengeOutcome> AttemptAsync(ResilienceContext context)
    {
        var run = context.Properties.GetValue(RunKey, null!);
        var left = options.Within - time.GetElapsedTime(run.Began);
        var timeout = left < run.Task.Bounds.AttemptTimeout ? left : run.Task.Bounds.AttemptTimeout;
        var startedAt = time.GetUtcNow();
        var began = time.GetTimestamp();
        var outcome = await run.Validator.ValidateAsync(
            run.Task with { Bounds = run.Task.Bounds with { AttemptTimeout = timeout } }, context.CancellationToken);
        run.Records.Add(new AttemptRecord(startedAt, time.GetElapsedTime(began), outcome));
        return outcome;
    }

    /// <summary>An attempt that could not start before the bound is not made.</summary>
    private bool IsWorthAnother(RetryPredicateArguments<ChallengeOutcome> arguments) =>
        arguments.Outcome.Result?.Fault is { MayRetry: true }
        && time.GetElapsedTime(arguments.Context.Properties.GetValue(RunKey, null!).Began) + Pause(arguments.AttemptNumber) < options.Within;

    /// <summary>1, 3, 9 … times the back-off; bounded so that many attempts do not overflow it.</summary>
    private TimeSpan Pause(int attempt) => options.Backoff * Math.Pow(3, Math.Min(attempt, 8));

    private sealed record Run(IChallengeValidator Validator, ChallengeTask Task, long Began)
    {
        public ImmutableArray<AttemptRecord>.Builder Records { get; } = ImmutableArray.CreateBuilder<AttemptRecord>();
    }
}
