using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Caa;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>Carries one validation out and stores how it ended; validators themselves never store.</summary>
internal sealed class ChallengeWorker(
    IStore store,
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
    public async Task ValidateAsync(ValidationJob job, CancellationToken cancellationToken)
    {
        var (authorization, account) = await store.ReadAsync(async session =>
        {
            var found = await AuthorizationStore.FindAsync(session, job.AuthorizationId);
            return (found, found is null ? null : await AccountStore.FindAsync(session, found.AccountId));
        }, cancellationToken);
        var challenge = authorization?.Challenges.FirstOrDefault(c => c.Id == job.ChallengeId);
        if (authorization is null || account is null || challenge?.Status != ChallengeStatus.Processing) return;

        var records = await RunAsync(authorization, challenge, account, cancellationToken);
        await StoreAsync(authorization, challenge, records, cancellationToken);
    }

    private async Task<ImmutableArray<AttemptRecord>> RunAsync(Authorization authorization, Challenge challenge, Account account, CancellationToken cancellationToken)
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
        return await attempts.RunAsync(validator, task, cancellationToken);
    }

    private async Task StoreAsync(Authorization seen, Challenge challenge, ImmutableArray<AttemptRecord> records, CancellationToken cancellationToken)
    {
        var last = records[^1].Outcome;
        var provisioner = (await provisioners.CurrentAsync(cancellationToken)).GetValueOrDefault(seen.ProvisionerId);
        await store.WriteAsync(async session =>
        {
            var old = await AuthorizationStore.FindAsync(session, seen.Id);
            if (old is null) return false;
            var now = time.GetUtcNow();
            var done = challenge with { Attempts = [.. records.Select(Describe)] };
            done = last.Fault is { } fault
                ? done with { Error = new ChallengeError(fault.Reason, fault.Detail) }
                : done with { ValidatedAt = now };
            var next = old.With(done);
            if (last.Fault is null) next = Proven(next, last, provisioner, now);
            return await AuthorizationStore.ReplaceAsync(session, old, next);
        }, CancellationToken.None);
        if (last.Fault is null) await limits.ReturnAttemptAsync(seen, CancellationToken.None);
        if (last.Fault is { } failure) log.Failed(seen.Identifier.ToString(), challenge.Type, records.Length, failure.Detail);
        else log.Validated(seen.Identifier.ToString(), challenge.Type, last.AddressDialled, records.Length);
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
