using Grpc.Core;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>
/// How the gateway calls: every call has a deadline and passes one circuit breaker; only reads are repeated. A request
/// that a client signed is sent once, since it may have been processed although no answer came.
/// </summary>
internal sealed class CallPolicy
{
    private static readonly TimeSpan ReadDeadline = TimeSpan.FromSeconds(5);
    // Of answers of any kind: a pipeline of no type makes two more steps of each call.
    private readonly ResiliencePipeline<object> once;
    private readonly ResiliencePipeline<object> repeated;
    private readonly LinkState state;
    private readonly TimeSpan deadline;

    public CallPolicy(GatewayOptions options, LinkState state, TimeProvider time)
    {
        this.state = state;
        deadline = options.CallDeadline;
        var away = new PredicateBuilder<object>().Handle<RpcException>(LinkState.IsAway);
        once = new ResiliencePipelineBuilder<object> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<object>
            {
                ShouldHandle = away,
                FailureRatio = 0.5,
                MinimumThroughput = options.BreakAfter,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = options.BreakFor,
            })
            .Build();
        repeated = new ResiliencePipelineBuilder<object> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<object>
            {
                ShouldHandle = away,
                MaxRetryAttempts = 2,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(200),
                UseJitter = true,
            })
            .AddPipeline(once)
            .Build();
    }

    /// <summary>Sends what a client signed, once.</summary>
    public Task<T> SendAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call) => RunAsync(once, call, deadline, tells: true, CancellationToken.None);

    /// <summary>Asks for nonces or a certificate of the gateway's own, once.</summary>
    public Task<T> AskAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken ct) => RunAsync(once, call, deadline, tells: true, ct);

    /// <summary>Asks what is open to anyone, once. It tells nothing about whether this gateway is welcome, so the state stays as it is.</summary>
    public Task<T> AskOpenAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken ct) => RunAsync(once, call, deadline, tells: false, ct);

    /// <summary>Reads, again after a while when no answer comes.</summary>
    public Task<T> ReadAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken ct) => RunAsync(repeated, call, ReadDeadline, tells: true, ct);

    /// <summary>The options of one call. gRPC compares deadlines with the machine's clock, hence the system's provider.</summary>
    public static CallOptions Options(TimeSpan deadline, CancellationToken ct) =>
        new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + deadline, cancellationToken: ct);

    private async Task<T> RunAsync<T>(ResiliencePipeline<object> pipeline, Func<CallOptions, AsyncUnaryCall<T>> call, TimeSpan limit, bool tells, CancellationToken ct)
    {
        var context = ResilienceContextPool.Shared.Get(ct);
        Outcome<object> outcome;
        try
        {
            outcome = await pipeline.ExecuteOutcomeAsync(static async (context, s) =>
            {
                try
                {
                    using var running = s.call(Options(s.limit, context.CancellationToken));
                    return Outcome.FromResult<object>((await running.ResponseAsync)!);
                }
                catch (Exception fault)
                {
                    return Outcome.FromException<object>(fault);
                }
            }, context, (call, limit));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
        if (tells)
        {
            if (outcome.Exception is null) state.Answered();
            else if (!ct.IsCancellationRequested) state.Failed(outcome.Exception);
        }
        outcome.ThrowIfException();
        return (T)outcome.Result!;
    }
}
