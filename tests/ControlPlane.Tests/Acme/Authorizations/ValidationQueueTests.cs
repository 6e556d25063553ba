using System.Text.Json;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Refusals;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Acme.Authorizations;

public sealed class ValidationQueueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string TextOf(Authorization authorization) => JsonSerializer.Serialize(authorization, AuthorizationDocuments.Default.Authorization);

    private static ValidationQueue QueueOf(AuthorizationRig rig, IChallengeValidator validator, TimeSpan claimAfter) =>
        new(rig.Worker(validator), rig.Store, new ValidationQueueOptions { ClaimAfter = claimAfter, AnswerWithin = Patience }, TimeProvider.System, NullLogger<ValidationQueue>.Instance);

    [Fact]
    public async Task A_quick_validation_is_written_once_with_its_result()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var (authorization, challenge) = await rig.PendingAsync("http-01");
        using var queue = QueueOf(rig, new Gate(open: true), Patience);
        using var seat = queue.TakeSeat();

        var start = await seat.StartAsync(authorization, challenge, () => throw new InvalidOperationException("nothing is claimed"));

        Assert.Equal((true, true), (start.IsFirst, start.HasBegun));
        var done = await rig.FoundAsync(authorization);
        // It is answered without being read again.
        Assert.Equal((done.Version, TextOf(done)), (start.Stored!.Version, TextOf(start.Stored)));
        Assert.Equal(AuthorizationStatus.Valid, done.StatusAt(rig.Time.GetUtcNow()));
        Assert.Equal(authorization.Version + 1, done.Version);
    }

    [Fact]
    public async Task A_slow_one_is_told_to_nobody_before_its_claim()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var (authorization, challenge) = await rig.PendingAsync("http-01");
        var gate = new Gate(open: false);
        using var queue = QueueOf(rig, gate, TimeSpan.FromMilliseconds(1));
        using var seat = queue.TakeSeat();

        Assert.True((await seat.StartAsync(authorization, challenge, () => ClaimAsync(rig, authorization, challenge))).IsFirst);
        Assert.Equal("main", (await rig.FoundAsync(authorization)).ProcessingBy);

        gate.Open();
        await seat.AwaitEndAsync(Stop);
        Assert.Equal(AuthorizationStatus.Valid, (await rig.FoundAsync(authorization)).StatusAt(rig.Time.GetUtcNow()));
    }

    [Fact]
    public async Task What_was_attempted_counts_also_when_it_cannot_be_claimed()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var (authorization, challenge) = await rig.PendingAsync("http-01");
        using var queue = QueueOf(rig, new Gate(open: false), TimeSpan.FromMilliseconds(1));
        using var seat = queue.TakeSeat();

        var start = await seat.StartAsync(authorization, challenge, () => throw new RefusalException(RefusalReason.Malformed, "the authorization is deactivated"));

        Assert.True(start.HasBegun);
        Assert.False(start.IsFirst);
        Assert.IsType<RefusalException>(start.Fault);
        Assert.Null((await rig.FoundAsync(authorization)).ProcessingBy);
    }

    [Fact]
    public async Task What_was_decided_since_it_was_read_is_not_validated_again()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var (authorization, challenge) = await rig.PendingAsync("http-01");
        await rig.WriteAsync(async session => Assert.True(await AuthorizationStore.ReplaceAsync(
            session, authorization, authorization.With(challenge with { ValidatedAt = rig.Time.GetUtcNow() }))));
        var gate = new Gate(open: true);
        using var queue = QueueOf(rig, gate, Patience);
        using var seat = queue.TakeSeat();

        var start = await seat.StartAsync(authorization, challenge, () => ClaimAsync(rig, authorization, challenge));

        Assert.Equal(new FreshStart(IsFirst: false, HasBegun: false), start);
        Assert.Equal(0, gate.Asked);
    }

    [Fact]
    public async Task Whoever_comes_meanwhile_hears_why_nothing_was_written()
    {
        await using var rig = await AuthorizationRig.StartAsync();
        var (authorization, challenge) = await rig.PendingAsync("http-01");
        var claiming = new TaskCompletionSource<bool>();
        using var queue = QueueOf(rig, new Gate(open: false), TimeSpan.FromMilliseconds(1));
        using var first = queue.TakeSeat();
        using var second = queue.TakeSeat();

        var starting = first.StartAsync(authorization, challenge, () => claiming.Task);
        var joining = second.StartAsync(authorization, challenge, () => throw new InvalidOperationException("the first claims"));
        claiming.SetException(new RefusalException(RefusalReason.Unavailable, "the store takes no writes"));

        Assert.Same((await starting.WaitAsync(Patience, Stop)).Fault, (await joining.WaitAsync(Patience, Stop)).Fault);
        Assert.False((await joining).HasBegun);
        Assert.NotNull((await joining).Fault);
    }

    private static async Task<bool> ClaimAsync(AuthorizationRig rig, Authorization authorization, Challenge challenge) =>
        await rig.Store.WriteAsync(session => AuthorizationStore.ReplaceAsync(session, authorization, authorization.With(challenge)), Stop);

    /// <summary>Says yes once it is open.</summary>
    private sealed class Gate : IChallengeValidator
    {
        private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Gate(bool open)
        {
            if (open) Open();
        }

        public string Type => "http-01";

        public int Asked { get; private set; }

        public void Open() => opened.TrySetResult();

        public async Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken)
        {
            Asked++;
            await opened.Task.WaitAsync(cancellationToken);
            return new ChallengeOutcome();
        }
    }
}
