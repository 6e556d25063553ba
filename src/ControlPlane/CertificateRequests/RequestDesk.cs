using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Credentials;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Policy;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;

namespace GrpcCa.ControlPlane.CertificateRequests;

/// <summary>Issues what is wished for, or says what it would be; the same rules as at the finalize of an ACME order.</summary>
internal sealed class RequestDesk(
    IStore store, LeafContexts contexts, RequestLimits limits, IssuanceAuthorizer authorizer, WebhookNotices notices, IssuanceCorridor corridor, TimeProvider time)
{
    /// <summary>Everything but the signature; nothing is spent or written.</summary>
    /// <exception cref="RefusalException">Whatever the issue would be refused for.</exception>
    public async Task<CertificatePreview> PreviewAsync(CertificateWish wish, CancellationToken cancellationToken)
    {
        var decided = await DecideAsync(wish, cancellationToken);
        await store.ReadAsync(async session =>
        {
            await LeafIssue.CheckPlannedAsync(session, decided.Context with { Generation = await Generation.ReadConfigurationAsync(session) }, wish.Key);
            await CheckRenewedAsync(session, wish);
            if (wish.Use is { } use && await UsedTokenStore.HasAsync(session, use)) throw CompactJws.Refused("was used before; each is good once");
            return true;
        }, cancellationToken);
        return decided;
    }

    /// <param name="wish">What is wanted, by whom.</param>
    /// <param name="alongside">Runs in the transaction that records the certificate; null for nothing.</param>
    /// <param name="cancellationToken">The call's; counts until the plan is recorded.</param>
    /// <exception cref="RefusalException">BadCsr, BadPublicKey, RejectedIdentifier, Malformed (times), Unauthenticated (a used token), RateLimited.</exception>
    public async Task<CertificateRecord> IssueAsync(
        CertificateWish wish, Func<StoreSession, CertificateRecord, ValueTask>? alongside, CancellationToken cancellationToken)
    {
        var serial = await LeafIssue.ByCurrentPolicyAsync(async () =>
        {
            var decided = await DecideAsync(wish, cancellationToken);
            // As for an ACME order: whoever holds a key, and nothing bounds how often, does not fill the store.
            var tokens = limits.TakeOrder(decided.Context.Provisioner, OwnerOf(wish, decided.Context), "", wish.Names);
            return await tokens.SpendAsync(() => IssueAsync(decided, alongside, cancellationToken));
        });
        return await store.ReadAsync(session => CertificateStore.FindAsync(session, serial), CancellationToken.None)
            ?? throw new InvalidOperationException($"certificate {serial.Hex} is not in the store after its issue");
    }

    private async Task<SerialNumber> IssueAsync(
        CertificatePreview decided, Func<StoreSession, CertificateRecord, ValueTask>? alongside, CancellationToken cancellationToken)
    {
        var (context, wish, period) = decided;
        // Last, so that webhooks are asked about what would be issued; and again when the configuration changed meanwhile,
        // which may be a webhook that was added.
        await authorizer.AuthorizeAsync(QuestionOf(wish, context), cancellationToken);
        var notice = await notices.ForAsync(WebhookEvent.Issued, cancellationToken);
        var spec = LeafIssue.SpecOf(context, wish.Names, wish.Key, period);
        var issued = await corridor.IssueAsync(new SigningPermit(PermitKind.Leaf, context.Issuer.Key), spec, new IssuanceContext
        {
            Actor = wish.Actor,
            Purpose = wish.Renews?.Name ?? context.Provisioner.Name,
            OnPlanned = (session, _) => ClaimAsync(session, wish, context),
            OnIssued = (session, made) => RecordAsync(session, wish, context, made, notice, alongside),
        }, cancellationToken);
        return issued.Serial;
    }

    // An operator is somebody; subjects of tokens are as many as whoever signs them likes, so their provisioner is one client.
    private static string OwnerOf(CertificateWish wish, LeafContext context) => wish.Use is null ? wish.Actor : context.Provisioner.Name;

    private async Task<CertificatePreview> DecideAsync(CertificateWish wish, CancellationToken cancellationToken)
    {
        var context = await contexts.CurrentAsync(wish.Asker, cancellationToken);
        LeafPolicy.CheckKey(wish.Key, context.Terms, wish.Asker.Account?.Key.PublicKey);
        LeafPolicy.CheckWanted(context.Terms, time.GetUtcNow(), wish.NotBefore, wish.NotAfter);
        LeafIssue.CheckNames(wish.Names, name => NameGate.Decide(context.Names, name));
        return new(context, wish, LeafPolicy.Validity(context.Terms, time.GetUtcNow(), context.Issuer.Validity, wish.NotBefore, wish.NotAfter));
    }

    private static IssuanceQuestion QuestionOf(CertificateWish wish, LeafContext context) => new()
    {
        ProvisionerId = wish.Asker.OriginProvisionerId ?? context.Provisioner.Id,
        ProfileId = context.Profile.Id,
        Identifiers = wish.Names,
        Key = wish.Key,
        Requester = wish.Actor,
        CsrDer = wish.Csr,
        AccountId = wish.Asker.Account?.AccountId,
        NotAfter = wish.NotAfter,
    };

    private static async ValueTask ClaimAsync(StoreSession session, CertificateWish wish, LeafContext context)
    {
        await LeafIssue.CheckPlannedAsync(session, context, wish.Key);
        await CheckRenewedAsync(session, wish);
        if (wish.Asker.Account is { } account)
        {
            if (await AccountStore.FindKeyAsync(session, account.AccountId) is not { Status: AccountStatus.Valid } known)
                throw new RefusalException(RefusalReason.PermissionDenied, $"accounts/{account.AccountId} is not valid any more");
            if (known.PauseMessage is { } message) throw AccountPause.Refusal(message);
        }
        if (wish.Use is { } use) await UsedTokenStore.UseAsync(session, use);
    }

    // A key that was reported as compromised may have another certificate that nobody revoked yet, or a certificate of its line a
    // key that the thief chose: neither is renewed.
    private static async ValueTask CheckRenewedAsync(StoreSession session, CertificateWish wish)
    {
        if (wish.Renews is not { } old) return;
        if (await CertificateStore.FindAsync(session, old.Serial) is { RevokedAt: not null })
            throw new RefusalException(RefusalReason.FailedPrecondition, $"{old.Name} was revoked; a new certificate has to be asked for anew");
        if (await CertificateStore.HasBlockedAncestorAsync(session, old.Serial))
            throw new RefusalException(RefusalReason.FailedPrecondition, $"the key of {old.Name}, or of one that it renews, was reported as compromised and is blocked; a new certificate has to be asked for anew");
    }

    private async ValueTask<AuditEvent> RecordAsync(
        StoreSession session, CertificateWish wish, LeafContext context, IssuedCertificate issued, WebhookNotice notice, Func<StoreSession, CertificateRecord, ValueTask>? alongside)
    {
        var now = time.GetUtcNow();
        var certificate = LeafIssue.RecordOf(issued, context, now) with
        {
            AccountId = wish.Asker.Account?.AccountId,
            Requester = wish.Renews is { } old ? old.Requester : wish.Actor,
            // It stays the provisioner's that it first came from: in its lists, its bounds, its webhooks.
            ProvisionerId = wish.Asker.OriginProvisionerId ?? context.Provisioner.Id,
            RenewedThrough = wish.Renews is null ? null : context.Provisioner.Id,
            Renews = wish.Renews?.Serial,
        };
        await CertificateStore.InsertAsync(session, certificate, new CertificateEvidence(wish.Evidence, wish.Csr));
        await notice.WriteAsync(session, certificate);
        if (alongside is not null) await alongside(session, certificate);
        return new AuditEvent(now, "certificate.issue", wish.Actor, certificate.Name,
        [
            new("identifiers", string.Join(' ', certificate.Identifiers)),
            new("provisioner", certificate.ProvisionerId!),
            new("renewedThrough", certificate.RenewedThrough ?? ""),
            new("profile", context.Profile.Id),
            new("issuer", certificate.Issuer),
            new("renews", wish.Renews?.Serial.Hex ?? ""),
            new("keySha256", issued.Spec.Key.Sha256Hex),
            new("notAfter", issued.Spec.NotAfter.ToString("yyyy-MM-ddTHH:mm:ssZ")),
        ]);
    }
}
