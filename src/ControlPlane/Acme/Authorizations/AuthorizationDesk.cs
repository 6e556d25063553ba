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
        if (request.IsPostAsGet) return await store.ReadAsync(s => LoadAsync(s, request, authorizationId), cancellationToken);
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
        var fetched = await store.ReadAsync(s => LoadAsync(s, request, authorizationId), cancellationToken);
        // What runs or is over costs nothing to look at again.
        if (request.IsPostAsGet || Find(fetched, challengeId).Status != ChallengeStatus.Pending) return (fetched, Find(fetched, challengeId));
        using var seat = queue.TakeSeat();
        var tokens = await limits.TakeAttemptAsync(fetched, cancellationToken);
        var started = await tokens.SpendAsync(
            () => store.WriteAsync(session => StartAsync(session, request, authorizationId, challengeId), cancellationToken), start => start.First);
        if (started.First)
            await seat.RunAsync(new ValidationJob(authorizationId, challengeId) { AccountId = started.Authorization.AccountId }, cancellationToken);
        else if (Find(started.Authorization, challengeId).Status != ChallengeStatus.Processing)
            return (started.Authorization, Find(started.Authorization, challengeId));
        var after = await store.ReadAsync(s => LoadAsync(s, request, authorizationId), cancellationToken);
        return (after, Find(after, challengeId));
    }

    private async ValueTask<Started> StartAsync(StoreSession session, VerifiedRequest request, string authorizationId, string challengeId)
    {
        var old = await LoadAsync(session, request, authorizationId);
        var challenge = Find(old, challengeId);
        var now = time.GetUtcNow();
        // A second POST does not start a second attempt (Z2).
        if (challenge.Status != ChallengeStatus.Pending) return new Started(old, First: false);
        var status = old.StatusAt(now);
        if (status == AuthorizationStatus.Valid) return new Started(old, First: false);
        if (status != AuthorizationStatus.Pending)
            throw new RefusalException(RefusalReason.Malformed, $"the authorization is {status.ToString().ToLowerInvariant()}; its challenges cannot be used any more");
        if (old.ProcessingBy is not null)
            throw new RefusalException(RefusalReason.Malformed, "another challenge of this authorization is being validated");
        var next = old.With(challenge with { StartedAt = now, StartedBy = queue.Replica });
        if (!await AuthorizationStore.ReplaceAsync(session, old, next)) throw Changed();
        return new Started(next, First: true);
    }

    private static async ValueTask<Authorization> LoadAsync(StoreSession session, VerifiedRequest request, string id)
    {
        var authorization = await AuthorizationStore.FindAsync(session, id);
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

    private sealed record Started(Authorization Authorization, bool First);
}
