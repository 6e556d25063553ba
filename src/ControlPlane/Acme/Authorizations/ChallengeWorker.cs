using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Caa;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>Carries one validation out and stores how it ended; validators themselves never store.</summary>
internal sealed class ChallengeWorker(
    IStore store,
    IAccountDirectory accounts,
    IEnumerable<IChallengeValidator> validators,
    ValidationAttempts attempts,
    CaaChecker caa,
    ProvisionerBook provisioners,
    RequestLimits limits,
    AccountUrls urls,
    ValidationOptions options,
    TimeProvider time,
    ILogger<ChallengeWorker> log)
{
    private const string OurFault = "the validation could not be carried out; the operator's log has the cause. Please try a new order";

    /// <summary>Validates a challenge that is claimed.</summary>
    /// <exception cref="StoreUnavailableException">The store refuses; the challenge is still claimed.</exception>
    public async Task ValidateAsync(ValidationJob job, CancellationToken cancellationToken, IAttemptPlace? place = null)
    {
        var authorization = await AuthorizationStore.FindAsync(store, job.AuthorizationId, cancellationToken);
        var challenge = authorization?.Challenges.FirstOrDefault(c => c.Id == job.ChallengeId);
        if (authorization is null || challenge?.Status != ChallengeStatus.Processing) return;
        if (await accounts.FindAsync(authorization.AccountId, cancellationToken) is not { } account) return;

        var records = await RunAsync(authorization, challenge, account, place, cancellationToken);
        await StoreAsync(authorization, challenge, records, ChallengeStatus.Processing);
    }

    /// <summary>The account whose key the attempts are for; null when somebody else has the challenge, or has decided it, since it was read.</summary>
    public async Task<AccountKey?> FindAccountAsync(Authorization authorization, string challengeId, CancellationToken cancellationToken)
    {
        var now = await AuthorizationStore.FindAsync(store, authorization.Id, cancellationToken);
        return now?.ProcessingBy is null && now?.Challenges.FirstOrDefault(c => c.Id == challengeId)?.Status == ChallengeStatus.Pending
            ? await accounts.FindAsync(authorization.AccountId, cancellationToken)
            : null;
    }

    /// <summary>Makes the attempts for a challenge; nothing is written.</summary>
    public Task<ImmutableArray<AttemptRecord>> AttemptAsync(
        Authorization authorization, Challenge challenge, AccountKey account, IAttemptPlace place, CancellationToken cancellationToken) =>
        RunAsync(authorization, challenge, account, place, cancellationToken);

    private async Task<ImmutableArray<AttemptRecord>> RunAsync(Authorization authorization, Challenge challenge, AccountKey account, IAttemptPlace? place, CancellationToken cancellationToken)
    {
        var provisioner = (await provisioners.CurrentAsync(cancellationToken)).GetValueOrDefault(authorization.ProvisionerId);
        var validator = validators.First(v => v.Type == challenge.Type);
        if (provisioner is not null && provisioner.Caa != CaaMode.Off) validator = new CaaGate(validator, caa, provisioner);
        // RFC 8555 §8.1, with the key that the account has now (K2a).
        var keyAuthorization = $"{challenge.Token}.{account.Key.Thumbprint}";
        var task = new ChallengeTask(authorization.Identifier, challenge.Token, keyAuthorization, options.BoundsFor(provisioner))
        {
            Wildcard = authorization.Wildcard,
            AccountUrls = await urls.OfAsync(authorization.ProvisionerId, authorization.AccountId, cancellationToken),
            IssuerDomainNames = provisioner?.CaaIdentities ?? [],
        };
        return await attempts.RunAsync(validator, task, cancellationToken, place);
    }

    /// <summary>Stores how the attempts ended.</summary>
    /// <param name="seen">The authorization they were made for.</param>
    /// <param name="challenge">Its challenge, with who started it and when.</param>
    /// <param name="records">The attempts.</param>
    /// <param name="from">Processing when the challenge was claimed, Pending when the attempts were quicker than the claim.</param>
    /// <returns>What was written; null when nothing was: the challenge is another run's.</returns>
    /// <exception cref="StoreUnavailableException">The store refuses; the challenge is what it was.</exception>
    public async Task<Authorization?> StoreAsync(Authorization seen, Challenge challenge, ImmutableArray<AttemptRecord> records, ChallengeStatus from)
    {
        var last = records[^1].Outcome;
        var provisioner = (await provisioners.CurrentAsync(CancellationToken.None)).GetValueOrDefault(seen.ProvisionerId);
        var (stored, proven) = await store.WriteAsync<(Authorization?, bool)>(async session =>
        {
            var old = await AuthorizationStore.FindAsync(session, seen.Id);
            // Only what is still as it was: a challenge that another run has claimed or decided is that one's.
            if (old is null || old.Challenges.FirstOrDefault(c => c.Id == challenge.Id)?.Status != from) return (null, false);
            if (from == ChallengeStatus.Pending && old.ProcessingBy is not null) return (null, false);
            var now = time.GetUtcNow();
            var done = challenge with { Attempts = [.. records.Select(Describe)] };
            // What was deactivated or expired meanwhile stays so: it keeps the attempts, and the proof proves nothing.
            if (old.StatusAt(now) != AuthorizationStatus.Pending)
            {
                return (await ReplaceAsync(session, old, old.With(done with { StartedAt = null, StartedBy = null })), false);
            }
            done = last.Fault is { } fault
                ? done with { Error = new ChallengeError(fault.Reason, fault.Detail) }
                : done with { ValidatedAt = now };
            var next = old.With(done);
            if (last.Fault is null) next = Proven(next, last, provisioner, now);
            return (await ReplaceAsync(session, old, next), last.Fault is null);
        }, CancellationToken.None);
        if (proven) await limits.ReturnAttemptAsync(seen, CancellationToken.None);
        if (stored is null) log.TooLate(seen.Identifier.ToString(), challenge.Type);
        else if (last.Fault is { } failure) log.Failed(seen.Identifier.ToString(), challenge.Type, records.Length, failure.Detail);
        else if (!proven) log.TooLate(seen.Identifier.ToString(), challenge.Type);
        else log.Validated(seen.Identifier.ToString(), challenge.Type, last.AddressDialled, records.Length);
        return stored;
    }

    /// <summary>Ends a challenge that could not be validated for a reason that is ours (RFC 8555 §8.2: nothing stays processing).</summary>
    public async Task FailAsync(ValidationJob job, CancellationToken cancellationToken)
    {
        var ended = await store.WriteAsync(async session =>
        {
            var old = await AuthorizationStore.FindAsync(session, job.AuthorizationId);
            var challenge = old?.Challenges.FirstOrDefault(c => c.Id == job.ChallengeId);
            if (old is null || challenge?.Status != ChallengeStatus.Processing) return null;
            _ = await ReplaceAsync(session, old, old.With(challenge with { Error = new ChallengeError(RefusalReason.ServerInternal, OurFault) }));
            return old;
        }, cancellationToken);
        if (ended is not null) await limits.ReturnAttemptAsync(ended, cancellationToken);
    }

    private static async ValueTask<Authorization> ReplaceAsync(StoreSession session, Authorization old, Authorization next)
    {
        if (!await AuthorizationStore.ReplaceAsync(session, old, next)) throw new StoreUnavailableException($"authorization {old.Id} changed while it was stored");
        return next with { Version = old.Version + 1 };
    }

    // A valid authorization stays good for its order, and for new orders as long as the provisioner and the proof say.
    private static Authorization Proven(Authorization authorization, ChallengeOutcome outcome, ProvisionerRecord? provisioner, DateTimeOffset now)
    {
        var reusable = now + (provisioner?.AuthorizationReuse ?? TimeSpan.Zero);
        var expires = reusable > authorization.ExpiresAt ? reusable : authorization.ExpiresAt;
        var end = outcome.GoodUntil ?? DateTimeOffset.MaxValue;
        return authorization with
        {
            ReusableUntil = reusable < end ? reusable : end,
            ExpiresAt = expires < end ? expires : end,
            CaaCheckedAt = provisioner is null || provisioner.Caa == CaaMode.Off ? null : now,
        };
    }

    private static Attempt Describe(AttemptRecord record) => new(
        record.StartedAt,
        record.Duration,
        record.Outcome.Url,
        record.Outcome.AddressesResolved,
        record.Outcome.AddressDialled,
        record.Outcome.HttpStatus,
        record.Outcome.BytesRead,
        record.Outcome.Fault?.Detail ?? "");
}
