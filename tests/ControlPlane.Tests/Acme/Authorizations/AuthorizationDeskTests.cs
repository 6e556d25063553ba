using System.Collections.Immutable;
using System.Text;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Tests.Acme.Jws;
using GrpcCa.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Acme.Authorizations;

/// <summary>What a request for a validation costs its account: an attempt that asked the outside, and nothing else.</summary>
public sealed class AuthorizationDeskTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private AuthorizationRig rig = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => rig = await AuthorizationRig.StartAsync();

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public async Task Attempt_WhoseClaimIsRefused_CostsAnAttempt()
    {
        var (authorization, challenge) = await rig.PendingAsync("http-01");
        var limits = LimitsOf(1);
        // Whoever is asked sees to it that nothing can be claimed any more: the way around the limit.
        using var queue = QueueOf(async cancellationToken =>
        {
            await rig.WriteAsync(async session => Assert.True(await AuthorizationStore.ReplaceAsync(
                session, authorization, authorization with { DeactivatedAt = rig.Time.GetUtcNow() })));
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }, claimAfter: TimeSpan.FromMilliseconds(500));
        var desk = new AuthorizationDesk(rig.Store, queue, limits, rig.Time);

        var refused = await Assert.ThrowsAsync<RefusalException>(() => PostAsync(desk, authorization, challenge));

        Assert.Equal(RefusalReason.Malformed, refused.Reason);
        var (next, another) = await rig.PendingAsync("http-01");
        var limited = await Assert.ThrowsAsync<RefusalException>(() => PostAsync(desk, next, another));
        Assert.Equal(RefusalReason.RateLimited, limited.Reason);
    }

    [Fact]
    public async Task Request_ThatFindsTheValidationRunning_CostsNothing()
    {
        var (authorization, challenge) = await rig.PendingAsync("http-01");
        var (limits, asked, go) = (LimitsOf(2), new TaskCompletionSource(), new TaskCompletionSource());
        using var queue = QueueOf(async cancellationToken =>
        {
            asked.TrySetResult();
            await go.Task.WaitAsync(cancellationToken);
        }, claimAfter: Patience);
        var desk = new AuthorizationDesk(rig.Store, queue, limits, rig.Time);

        var first = PostAsync(desk, authorization, challenge);
        await asked.Task.WaitAsync(Patience, Stop);
        var second = PostAsync(desk, authorization, challenge);
        while (await TryTakeAsync(limits, authorization) is { } free)
        {
            Assert.False(second.IsCompleted);
            free.Return();
            await Task.Delay(TimeSpan.FromMilliseconds(5), Stop);
        }
        go.SetResult();
        Assert.Equal(ChallengeStatus.Valid, (await first.WaitAsync(Patience, Stop)).Challenge.Status);
        Assert.Equal(ChallengeStatus.Valid, (await second.WaitAsync(Patience, Stop)).Challenge.Status);

        // The second has its own back; the first one's goes back to the buckets of the worker, which are others here.
        Assert.NotNull(await TryTakeAsync(limits, authorization));
        Assert.Null(await TryTakeAsync(limits, authorization));
    }

    private static async Task<TakenTokens?> TryTakeAsync(RequestLimits limits, Authorization authorization)
    {
        try
        {
            return await limits.TakeAttemptAsync(authorization, Stop);
        }
        catch (RefusalException refused) when (refused.Reason == RefusalReason.RateLimited)
        {
            return null;
        }
    }

    private Task<(Authorization Authorization, Challenge Challenge)> PostAsync(AuthorizationDesk desk, Authorization authorization, Challenge challenge)
    {
        var route = new AcmeRoute(AcmeResource.Challenge, "acme", authorization.Id, challenge.Id);
        var url = "https://ca.test" + route.Path;
        var body = Encoding.UTF8.GetBytes(ClientKey.Es256().Message($$"""{"alg":"ES256","kid":"{{AuthorizationRig.CurrentUrl}}","nonce":"bm9uY2U","url":"{{url}}"}""", "{}"));
        var request = new VerifiedRequest(
            new IncomingRequest { Body = body, Route = route, Gateway = new CallingGateway("first", ["https://ca.test"], []), AccountOrigins = ImmutableHashSet<string>.Empty },
            SignedMessage.Parse(body, new JwsLimits()), new AccountKey("one", "acme", AccountStatus.Valid, rig.AccountKey), new JwsLimits());
        return desk.PostChallengeAsync(request, authorization.Id, challenge.Id, Stop);
    }

    private RequestLimits LimitsOf(int failures)
    {
        var options = new LimitOptions { FailedValidationsPerAccountAndName = failures };
        return new RequestLimits(options, new LimitBuckets(options.MostBuckets), new ProvisionerBook(rig.Store), rig.Time);
    }

    private ValidationQueue QueueOf(Func<CancellationToken, Task> whenAsked, TimeSpan claimAfter) => new(
        rig.Worker(new Asked(whenAsked)), rig.Store, new ValidationQueueOptions { ClaimAfter = claimAfter, AnswerWithin = Patience }, TimeProvider.System, NullLogger<ValidationQueue>.Instance);

    /// <summary>Says yes when what happens meanwhile is over.</summary>
    private sealed class Asked(Func<CancellationToken, Task> whenAsked) : IChallengeValidator
    {
        public string Type => "http-01";

        public async Task<ChallengeOutcome> ValidateAsync(ChallengeTask task, CancellationToken cancellationToken)
        {
            await whenAsked(cancellationToken);
            return new ChallengeOutcome();
        }
    }
}
