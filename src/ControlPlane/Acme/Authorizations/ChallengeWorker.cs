using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Challenges;
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
    ProvisionerBook provisioners,
    RequestLimits limits,
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
        var bounds = options.BoundsFor(
            provisioner?.Http01Port, provisioner?.TlsAlpn01Port, [.. (provisioner?.Ranges ?? []).Select(range => IPNetwork.Parse(range))]);
        // RFC 8555 §8.1, with the key that the account has now (K2a).
        var keyAuthorization = $"{challenge.Token}.{account.Key.Thumbprint}";
        return await attempts.RunAsync(validator, new ChallengeTask(authorization.Identifier, challenge.Token, keyAuthorization, bounds), cancellationToken);
    }

    private async Task StoreAsync(Authorization seen, Challenge challenge, ImmutableArray<AttemptRecord> records, CancellationToken cancellationToken)
    {
        var last = records[^1].Outcome;
        var reuse = (await provisioners.CurrentAsync(cancellationToken)).GetValueOrDefault(seen.ProvisionerId)?.AuthorizationReuse ?? TimeSpan.Zero;
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
            // A valid authorization stays good for its order, and for new orders as long as the provisioner says.
            if (last.Fault is null)
                next = next with { ReusableUntil = now + reuse, ExpiresAt = now + reuse > old.ExpiresAt ? now + reuse : old.ExpiresAt };
            return await AuthorizationStore.ReplaceAsync(session, old, next);
        }, CancellationToken.None);
        if (last.Fault is null) await limits.ReturnAttemptAsync(seen, CancellationToken.None);
        if (last.Fault is { } failure) log.Failed(seen.Identifier.ToString(), challenge.Type, records.Length, failure.Detail);
        else log.Validated(seen.Identifier.ToString(), challenge.Type, last.AddressDialled, records.Length);
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
