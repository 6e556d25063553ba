using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>Creates, finds, changes and deactivates accounts (RFC 8555 §7.3).</summary>
internal sealed class AccountRegistry(IStore store, ProvisionerBook provisioners, ExternalAccounts externalAccounts, RequestLimits limits, FailPoints failPoints, TimeProvider time)
{
    /// <summary>new-account: the account of the request's key, made if need be (§7.3, §7.3.1).</summary>
    public async Task<(Account Account, bool Created)> CreateOrFindAsync(VerifiedRequest request, CancellationToken cancellationToken)
    {
        var key = request.Jwk ?? throw new RefusalException(RefusalReason.Malformed, "new-account is signed with jwk");
        var payload = request.RequireObject();
        var existing = await store.ReadAsync(s => AccountStore.FindByKeyAsync(s, request.Context.Provisioner, key.Thumbprint), cancellationToken);
        // §7.3.1: an existing account answers whatever else the request says.
        if (existing is not null) return (Valid(existing), false);

        if (payload.FindBoolean("onlyReturnExisting") == true)
            throw new RefusalException(RefusalReason.AccountDoesNotExist, "no account of this provisioner has this key");
        var provisioner = await FindProvisionerAsync(request.Context.Provisioner, cancellationToken);
        var agreed = payload.FindBoolean("termsOfServiceAgreed") == true;
        if (provisioner.TermsOfServiceUrl is { } terms && !agreed)
            throw new RefusalException(RefusalReason.UserActionRequired, $"the terms of service at {terms} must be agreed to: send termsOfServiceAgreed") { TermsOfServiceUrl = terms };
        var binding = await externalAccounts.VerifyAsync(request, payload, provisioner.ExternalAccountRequired, cancellationToken);
        var account = new Account
        {
            Id = Ids.New(),
            ProvisionerId = request.Context.Provisioner,
            Key = key,
            Contacts = Contacts.Read(payload) ?? [],
            TermsAgreed = agreed,
            EabKeyId = binding?.Key.Id,
            Binding = binding?.Json,
            CreatedAt = time.GetUtcNow(),
        };
        var tokens = limits.TakeAccount(provisioner, request.Context.ClientAddress);
        return await tokens.SpendAsync(() => store.ActAsync(async session =>
        {
            if (await CertificateStore.IsKeyBlockedAsync(session, key.PublicKey.Sha256))
                throw new RefusalException(RefusalReason.BadPublicKey, "this key was reported as compromised and is blocked");
            var created = await AccountStore.InsertAsync(session, account) == 1;
            if (created && account.EabKeyId is { } eabKeyId && await EabKeyStore.UseAsync(session, eabKeyId, account.CreatedAt) != 1)
                throw new RefusalException(RefusalReason.Unauthorized, $"the key {eabKeyId} binds no more accounts");
            // Two connections at once with one key make one account (A10).
            var kept = created ? account : Valid((await AccountStore.FindByKeyAsync(session, account.ProvisionerId, key.Thumbprint))!);
            return new Acted<(Account, bool)>((kept, created), new AuditEvent(account.CreatedAt, created ? "account.create" : "account.find", kept.Name, kept.Name,
            [
                new("provisioner", kept.ProvisionerId),
                new("keyThumbprint", kept.Key.Thumbprint),
                new("eabKey", kept.EabKeyId ?? ""),
                new("gateway", request.Context.Gateway.Id),
            ]));
        }, cancellationToken), made => made.Item2);
    }

    /// <summary>account/{id}: fetch with an empty payload, else update or deactivate (§7.3.2, §7.3.6).</summary>
    public async Task<Account> PostAsync(VerifiedRequest request, string accountId, CancellationToken cancellationToken)
    {
        if (request.Account!.AccountId != accountId)
            throw new RefusalException(RefusalReason.Unauthorized, "the account URL is another account's than the one that signed");
        if (request.IsPostAsGet) return await FindAsync(accountId, cancellationToken);
        var payload = request.RequireObject();
        if (payload.FindString("status") is { } status)
        {
            if (status != "deactivated")
                throw new RefusalException(RefusalReason.Malformed, "status can only be set to \"deactivated\"");
            return await DeactivateAsync(request, accountId, cancellationToken);
        }
        var contacts = Contacts.Read(payload);
        var agreed = payload.FindBoolean("termsOfServiceAgreed") == true;
        if (contacts is null && !agreed) return await FindAsync(accountId, cancellationToken);
        return await store.WriteAsync(async session =>
        {
            var old = await LoadAsync(session, accountId);
            var next = old with { Contacts = contacts ?? old.Contacts, TermsAgreed = old.TermsAgreed || agreed };
            if (!await AccountStore.ReplaceAsync(session, old, next)) throw Changed();
            return next;
        }, cancellationToken);
    }

    /// <summary>key-change: both keys have signed; the account goes on under the new one (§7.3.5).</summary>
    public async Task<Account> ChangeKeyAsync(VerifiedRequest request, CancellationToken cancellationToken)
    {
        var newKey = KeyChangeMessage.Verify(request).NewKey;
        var changed = await store.ActAsync(async session =>
        {
            if (await CertificateStore.IsKeyBlockedAsync(session, newKey.PublicKey.Sha256))
                throw new RefusalException(RefusalReason.BadPublicKey, "the new key was reported as compromised and is blocked");
            var old = await LoadAsync(session, request.Account!.AccountId);
            // The outer signature was checked with the key of a moment ago; a moment later it would not have been good.
            if (!old.Key.IsSameKey(request.Account.Key))
                throw new RefusalException(RefusalReason.Malformed, "the account was put under another key meanwhile; sign with that one");
            if (await AccountStore.FindByKeyAsync(session, old.ProvisionerId, newKey.Thumbprint) is { } holder)
                throw new RefusalException(RefusalReason.KeyInUse, "the new key belongs to another account") { ConflictingAccountId = holder.Id };
            var next = old with { Key = newKey };
            if (!await AccountStore.ReplaceAsync(session, old, next)) throw Changed();
            failPoints.Reach(KeyChangeSteps.Written);
            return new Acted<Account>(next, new AuditEvent(time.GetUtcNow(), "account.changeKey", next.Name, next.Name,
                [new("oldKeyThumbprint", old.Key.Thumbprint), new("newKeyThumbprint", newKey.Thumbprint), new("gateway", request.Context.Gateway.Id)]));
        }, cancellationToken);
        failPoints.Reach(KeyChangeSteps.Recorded);
        return changed;
    }

    public async ValueTask<Account> FindAsync(string accountId, CancellationToken cancellationToken) =>
        await store.ReadAsync(session => LoadAsync(session, accountId), cancellationToken);

    private Task<Account> DeactivateAsync(VerifiedRequest request, string accountId, CancellationToken cancellationToken) =>
        store.ActAsync(async session =>
        {
            var old = await LoadAsync(session, accountId);
            var next = old with { Status = AccountStatus.Deactivated };
            if (!await AccountStore.ReplaceAsync(session, old, next)) throw Changed();
            return new Acted<Account>(next, new AuditEvent(time.GetUtcNow(), "account.deactivate", next.Name, next.Name, [new("gateway", request.Context.Gateway.Id)]));
        }, cancellationToken);

    private async ValueTask<ProvisionerRecord> FindProvisionerAsync(string id, CancellationToken cancellationToken) =>
        (await provisioners.CurrentAsync(cancellationToken)).TryGetValue(id, out var provisioner)
            ? provisioner
            : throw new RefusalException(RefusalReason.AcmeNotFound, $"there is no provisioner {Excerpt.Of(id)}");

    private static async ValueTask<Account> LoadAsync(StoreSession session, string accountId) => Valid(
        await AccountStore.FindAsync(session, accountId)
            ?? throw new RefusalException(RefusalReason.AccountDoesNotExist, "the account does not exist"));

    // §7.3.6: also a deactivated account's key cannot make a new one (A8).
    private static Account Valid(Account account) => account.Status == AccountStatus.Valid
        ? account
        : throw new RefusalException(RefusalReason.AccountNotValid, $"the account is {account.Status.ToString().ToLowerInvariant()}");

    private static RefusalException Changed() => new(RefusalReason.Conflict, "the account changed meanwhile; try again");
}
