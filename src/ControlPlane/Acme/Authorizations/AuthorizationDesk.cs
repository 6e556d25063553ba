using System.Runtime.ExceptionServices;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>Shows and deactivates authorizations, and takes challenges on (RFC 8555 §7.5).</summary>
internal sealed class AuthorizationDesk(IStore store, ValidationQueue queue, RequestLimits limits, TimeProvider time)
{
    /// <summary>The moment that states are derived at.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>authz/{id}: fetch, or deactivate (§7.5.2).</summary>
    public async Task<Authorization> PostAsync(VerifiedRequest request, string authorizationId, CancellationToken cancellationToken)
    {
        if (request.IsPostAsGet) return await LoadAsync(request, authorizationId, cancellationToken);
        var payload = request.RequireObject();
        if (payload.FindString("status") != "deactivated")
            throw new RefusalException(RefusalReason.Malformed, "an authorization is fetched with an empty payload, or deactivated with {\"status\":\"deactivated\"}");
        return await store.WriteAsync(async session =>
        {
            var old = await LoadAsync(session, request, authorizationId);
            if (old.DeactivatedAt is not null) return old;
            var now = time.GetUtcNow();
            if (old.StatusAt(now) is not (AuthorizationStatus.Pending or AuthorizationStatus.Valid))
                throw new RefusalException(RefusalReason.Malformed, $"the authorization is {old.StatusAt(now).ToString().ToLowerInvariant()}; only a pending or valid one can be deactivated");
            var next = old with { DeactivatedAt = now, ReusableUntil = DateTimeOffset.UnixEpoch };
            if (!await AuthorizationStore.ReplaceAsync(session, old, next)) throw Changed();
            return next;
        }, cancellationToken);
    }

    /// <summary>
    /// challenge/{authz}/{id}: fetch, or start its validation (§7.5.1). Of many requests at once exactly one starts it;
    /// the answer waits a little for the result, so that a quick target is seen at the first poll.
    /// </summary>
    public async Task<(Authorization Authorization, Challenge Challenge)> PostChallengeAsync(
        VerifiedRequest request, string authorizationId, string challengeId, CancellationToken cancellationToken)
    {
        // Members such as keyAuthorization or resource are ignored (Z2).
        if (!request.IsPostAsGet) request.RequireObject();
        var fetched = await LoadAsync(request, authorizationId, cancellationToken);
        // What runs or is over costs nothing to look at again.
        if (request.IsPostAsGet || Find(fetched, challengeId).Status != ChallengeStatus.Pending) return (fetched, Find(fetched, challengeId));
        using var seat = queue.TakeSeat();
        var challenge = Startable(fetched, challengeId);
        if (challenge is null) return (fetched, Find(fetched, challengeId));
        var tokens = await limits.TakeAttemptAsync(fetched, cancellationToken);
        // Whether the client still waits makes no difference to what its request cost.
        var start = await tokens.SpendAsync(() => seat.StartAsync(fetched, challenge, () => ClaimAsync(request, fetched.Id, challenge)), start => start.HasBegun);
        if (start.Fault is not null) ExceptionDispatchInfo.Throw(start.Fault);
        if (start.IsFirst) await seat.AwaitEndAsync(cancellationToken);
        var after = start.Stored ?? await LoadAsync(request, authorizationId, cancellationToken);
        // Another challenge of it may have been quicker: that is told. And nobody waits for a validation that does not run.
        if (!start.IsFirst && Startable(after, challengeId) is not null) throw Changed();
        return (after, Find(after, challengeId));
    }

    // The client may go away meanwhile: what has begun is claimed all the same.
    private Task<bool> ClaimAsync(VerifiedRequest request, string authorizationId, Challenge challenge) => store.WriteAsync(async session =>
    {
        var old = await LoadAsync(session, request, authorizationId);
        if (Startable(old, challenge.Id) is null) return false;
        if (!await AuthorizationStore.ReplaceAsync(session, old, old.With(challenge))) throw Changed();
        return true;
    }, CancellationToken.None);

    // Null when there is nothing to start: a second POST does not start a second attempt (Z2).
    private Challenge? Startable(Authorization authorization, string challengeId)
    {
        var challenge = Find(authorization, challengeId);
        var now = time.GetUtcNow();
        var status = authorization.StatusAt(now);
        if (challenge.Status != ChallengeStatus.Pending || status == AuthorizationStatus.Valid) return null;
        if (status != AuthorizationStatus.Pending)
            throw new RefusalException(RefusalReason.Malformed, $"the authorization is {status.ToString().ToLowerInvariant()}; its challenges cannot be used any more");
        if (authorization.ProcessingBy is not null)
            throw new RefusalException(RefusalReason.Malformed, "another challenge of this authorization is being validated");
        return challenge with { StartedAt = now, StartedBy = queue.Replica };
    }

    private async ValueTask<Authorization> LoadAsync(VerifiedRequest request, string id, CancellationToken cancellationToken) =>
        Own(request, await AuthorizationStore.FindAsync(store, id, cancellationToken));

    private static async ValueTask<Authorization> LoadAsync(StoreSession session, VerifiedRequest request, string id) =>
        Own(request, await AuthorizationStore.FindAsync(session, id));

    private static Authorization Own(VerifiedRequest request, Authorization? authorization)
    {
        if (authorization is null || authorization.ProvisionerId != request.Context.Provisioner)
            throw new RefusalException(RefusalReason.AcmeNotFound, "there is no such authorization; authorizations are forgotten some time after they expire");
        if (authorization.AccountId != request.Account!.AccountId)
            throw new RefusalException(RefusalReason.Unauthorized, "the authorization is another account's");
        return authorization;
    }

    private static Challenge Find(Authorization authorization, string challengeId) =>
        authorization.Challenges.FirstOrDefault(c => c.Id == challengeId)
            ?? throw new RefusalException(RefusalReason.AcmeNotFound, "the authorization has no such challenge");

    private static RefusalException Changed() => new(RefusalReason.Conflict, "the authorization changed meanwhile; try again");
}
