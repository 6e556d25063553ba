using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>What operators do to accounts; certificates stay as they are.</summary>
internal sealed class AccountOperations(IStore store, TimeProvider time)
{
    private const int LongestMessage = 500;

    /// <summary>Ends an account for good: revoked, which only an operator does (RFC 8555 §7.1.6).</summary>
    /// <exception cref="RefusalException">NotFound; FailedPrecondition: it has ended already.</exception>
    public Task<Account> DeactivateAsync(string id, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(id, actor, "account.revoke", [], old => old with { Status = AccountStatus.Revoked, PauseMessage = null, PausedAt = null }, cancellationToken);

    /// <summary>Refuses its requests for certificates with a message, or changes the message.</summary>
    /// <exception cref="RefusalException">InvalidArgument: the message; NotFound; FailedPrecondition: it has ended.</exception>
    public Task<Account> PauseAsync(string id, string message, string actor, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(message) || message.Length > LongestMessage || message.Any(char.IsControl))
            throw new RefusalException(RefusalReason.InvalidArgument, $"is a line of 1 to {LongestMessage} characters for the account's owner") { Field = "message" };
        return ChangeAsync(id, actor, "account.pause", [new("message", message)], old => old with { PauseMessage = message, PausedAt = old.PausedAt ?? time.GetUtcNow() }, cancellationToken);
    }

    /// <exception cref="RefusalException">NotFound; FailedPrecondition: it is not paused, or has ended.</exception>
    public Task<Account> ResumeAsync(string id, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(id, actor, "account.resume", [], old => old.PauseMessage is null
            ? throw new RefusalException(RefusalReason.FailedPrecondition, $"{old.Name} is not paused")
            : old with { PauseMessage = null, PausedAt = null }, cancellationToken);

    private Task<Account> ChangeAsync(
        string id, string actor, string action, KeyValuePair<string, string>[] facts, Func<Account, Account> change, CancellationToken cancellationToken) =>
        store.ActAsync(async session =>
        {
            var old = await AccountStore.FindAsync(session, id) ?? throw new RefusalException(RefusalReason.NotFound, $"there is no account {Excerpt.Of(id)}");
            if (old.Status != AccountStatus.Valid) throw new RefusalException(RefusalReason.FailedPrecondition, $"{old.Name} is {old.Status.ToString().ToLowerInvariant()} already");
            var next = change(old);
            if (!await AccountStore.ReplaceAsync(session, old, next)) throw new RefusalException(RefusalReason.Conflict, "the account changed meanwhile; try again");
            return new Acted<Account>(next, new AuditEvent(time.GetUtcNow(), action, actor, next.Name, [new("provisioner", next.ProvisionerId), .. facts]));
        }, cancellationToken);
}
