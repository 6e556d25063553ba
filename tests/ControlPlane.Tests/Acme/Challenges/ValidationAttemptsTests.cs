using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges;

public sealed class ValidationAttemptsTests
{
    private static readonly ChallengeFault Refused = new(RefusalReason.Connection, "connection refused");

    private readonly HastyTime time = new();

    [Fact]
    public async Task Success_TakesOneAttempt_AtOnce()
    {
        var validator = new Scripted(Answer(null));

        var records = await new ValidationAttempts(new ValidationOptions(), time).RunAsync(validator, Task(), TestContext.Current.CancellationToken);

        Assert.Null(Assert.Single(records).Outcome.Fault);
        Assert.Equal(time.GetUtcNow(), records[0].StartedAt);
    }

    [Fact]
    public async Task Failure_IsTriedThreeTimes_WithGrowingPauses()
    {
        var began = time.GetUtcNow();
        var validator = new Scripted(Answer(Refused));

        var records = await RunAsync(validator, new ValidationOptions { Backoff = TimeSpan.FromSeconds(2) });

        Assert.Equal(3, records.Length);
        Assert.All(records, record => Assert.Equal(Refused, record.Outcome.Fault));
        Assert.Equal([0, 2, 8], records.Select(record => (int)(record.StartedAt - began).TotalSeconds));
    }

    [Fact]
    public async Task SecondAttempt_MaySucceed()
    {
        var records = await RunAsync(new Scripted(Answer(Refused), Answer(null)), new ValidationOptions());

        Assert.Equal([Refused, null], records.Select(record => record.Outcome.Fault));
    }

    [Fact]
    public async Task Fault_ThatMayNotBeRetried_IsFinal()
    {
        var final = Refused with { MayRetry = false };

        Assert.Equal(final, Assert.Single(await RunAsync(new Scripted(Answer(final)), new ValidationOptions())).Outcome.Fault);
    }

    [Fact]
    public async Task OneAttempt_WhenOnlyOneIsConfigured() =>
        Assert.Single(await RunAsync(new Scripted(Answer(Refused)), new ValidationOptions { Attempts = 1 }));

    [Fact]
    public async Task Attempts_EndWithinTheBound()
    {
        var began = time.GetUtcNow();
        // Each attempt takes all the time it is given.
        var slow = new Scripted(task =>
        {
            time.Advance(task.Bounds.AttemptTimeout);
            return new ChallengeOutcome { Fault = Refused };
        });

        var records = await RunAsync(slow, new ValidationOptions { Attempts = 10, Within = TimeSpan.FromSeconds(30), Backoff = TimeSpan.FromSeconds(1) });

        // 0–10, 11–21, 24–30: the last one is cut to what is left, and none begins after it.
        Assert.Equal([10, 10, 6], records.Select(record => (int)record.Duration.TotalSeconds));
        Assert.Equal(TimeSpan.FromSeconds(30), time.GetUtcNow() - began);
    }

    [Fact]
    public async Task Pause_BeyondTheBound_IsNotBegun()
    {
        var records = await RunAsync(new Scripted(Answer(Refused)), new ValidationOptions { Within = TimeSpan.FromSeconds(5), Backoff = TimeSpan.FromSeconds(5) });

        Assert.Single(records);
    }

    [Fact]
    public async Task ParallelRuns_KeepTheirRecordsApart()
    {
        var attempts = new ValidationAttempts(new ValidationOptions(), time);

        var runs = await System.Threading.Tasks.Task.WhenAll(Enumerable.Range(0, 50).Select(n =>
            attempts.RunAsync(new Scripted(Answer(Refused with { Detail = $"{n}", MayRetry = false })), Task(), TestContext.Current.CancellationToken)));

        Assert.Equal(Enumerable.Range(0, 50).Select(n => $"{n}"), runs.Select(records => Assert.Single(records).Outcome.Fault!.Detail));
    }

    [Fact]
    public async Task Cancellation_EndsThePause()
    {
        using var stop = new CancellationTokenSource();
        var validator = new Scripted(Answer(Refused));
        var running = new ValidationAttempts(new ValidationOptions(), new FakeTimeProvider()).RunAsync(validator, Task(), stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(1, validator.Calls);
    }

    private static Func<ChallengeTask, ChallengeOutcome> Answer(ChallengeFault? fault) => _ => new ChallengeOutcome { Fault = fault };

    private static ChallengeTask Task() => new(Identifier.ParseDns("nas.test"), Validation.Token, Validation.KeyAuthorization,
        new ValidationOptions().BoundsFor(null));

    private async Task<AttemptRecord[]> RunAsync(Scripted validator, ValidationOptions options) =>
        [.. await new ValidationAttempts(options, time).RunAsync(validator, Task(), TestContext.Current.CancellationToken)];

    /// <summary>Time in which every pause passes as soon as it begins.</summary>
    private sealed class HastyTime : TimeProvider
    {
        private readonly FakeTimeProvider clock = new();

        public void Advance(TimeSpan by) => clock.Advance(by);

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            clock.Advance(dueTime);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }

    /// <summary>A validator that gives its answers in turn, the last one for ever.</summary>
    private sealed class Scripted(params Func<ChallengeTask, ChallengeOutcome>[] answers) : IChallengeValidator
    {
        public int Calls { get; private set; }

        public string Type => "http-01";

        public Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken) =>
            System.Threading.Tasks.Task.FromResult(answers[Math.Min(++Calls, answers.Length) - 1](task));
    }
}
