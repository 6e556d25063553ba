using System.Collections.Immutable;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.CertificateRequests;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Policy;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>
/// finalize (RFC 8555 §7.4): the CSR against the order, the order against the policy of now, then the corridor. Writes
/// the permit; touches no key.
/// </summary>
internal sealed class OrderFinalizer(
    IStore store, LeafContexts contexts, CaaRecheck caa, IssuanceAuthorizer authorizer, WebhookNotices notices, IssuanceCorridor corridor, FailPoints failPoints,
    TimeProvider time)
{
    /// <exception cref="RefusalException">OrderNotReady, BadCsr, BadPublicKey, RejectedIdentifier.</exception>
    public async Task<OrderView> FinalizeAsync(VerifiedRequest request, string orderId, CancellationToken cancellationToken)
    {
        var payload = request.RequireObject();
        var view = await OrderDesk.LoadAsync(store, request, orderId, time.GetUtcNow(), cancellationToken);
        CheckReady(view);
        var der = CsrPayload.Read(payload);
        var csr = CertificateSigningRequest.Parse(der);
        CheckCsr(csr, view.Order);
        // Slow (it asks DNS), so before what must hold at the moment of the permit.
        await caa.CheckAsync((await ContextAsync(request, view, cancellationToken)).Provisioner, view.Authorizations, cancellationToken);
        var issued = await IssueByCurrentPolicyAsync(request, view, csr, der, cancellationToken);
        return view with { Order = Issued(Claimed(view.Order, issued.Serial), issued.Serial), Now = time.GetUtcNow() };
    }

    private Task<IssuedCertificate> IssueByCurrentPolicyAsync(
        VerifiedRequest request, OrderView view, CertificateSigningRequest csr, byte[] der, CancellationToken cancellationToken) => LeafIssue.ByCurrentPolicyAsync(async () =>
        {
            var context = await ContextAsync(request, view, cancellationToken);
            LeafPolicy.CheckKey(csr.Key, context.Terms, request.Account!.Key.PublicKey);
            OrderDesk.CheckNames(context, view.Order.Identifiers);
            await CheckEndAsync(view.Order, cancellationToken);
            // Last, so that webhooks are asked about what would be issued; and again when the configuration changed meanwhile,
            // which may be a webhook that was added.
            await authorizer.AuthorizeAsync(Question(request, view.Order, context, csr, der), cancellationToken);
            return await IssueAsync(request, view, context, csr, cancellationToken);
        });

    private ValueTask<LeafContext> ContextAsync(VerifiedRequest request, OrderView view, CancellationToken cancellationToken) =>
        contexts.CurrentAsync(new LeafAsker(request.Context.Provisioner, view.Order.ProfileWanted) { Account = request.Account }, cancellationToken);

    // A requested end that has passed can never be met: the order ends (O10).
    private async Task CheckEndAsync(Order order, CancellationToken cancellationToken)
    {
        if (order.NotAfter is not { } end || end > time.GetUtcNow()) return;
        var error = new OrderError(RefusalReason.Malformed, $"the requested notAfter {end:yyyy-MM-ddTHH:mm:ssZ} has passed; make a new order", null);
        await store.WriteAsync(async session =>
        {
            var old = await OrderStore.FindAsync(session, order.Id);
            return old is { PlannedSerial: null, Error: null } && await OrderStore.ReplaceAsync(session, old, old with { Error = error });
        }, cancellationToken);
        throw new RefusalException(RefusalReason.OrderNotReady, error.Detail);
    }

    private static IssuanceQuestion Question(VerifiedRequest request, Order order, LeafContext context, CertificateSigningRequest csr, byte[] der) => new()
    {
        ProvisionerId = context.Provisioner.Id,
        ProfileId = context.Profile.Id,
        Identifiers = order.Identifiers,
        Key = csr.Key,
        Requester = $"accounts/{order.AccountId}",
        CsrDer = der,
        AccountId = order.AccountId,
        OrderId = order.Id,
        GatewayId = request.Context.Gateway.Id,
        ClientAddress = request.Context.ClientAddress,
        NotAfter = order.NotAfter,
    };

    private async Task<IssuedCertificate> IssueAsync(
        VerifiedRequest request, OrderView view, LeafContext context, CertificateSigningRequest csr, CancellationToken cancellationToken)
    {
        var order = view.Order;
        var period = LeafPolicy.Validity(context.Terms, time.GetUtcNow(), context.Issuer.Validity, order.NotBefore, order.NotAfter);
        var spec = LeafIssue.SpecOf(context, order.Identifiers, csr.Key, period);
        var finalizeEvidence = request.Evidence.ToArray();
        var notice = await notices.ForAsync(WebhookEvent.Issued, cancellationToken);
        return await corridor.IssueAsync(new SigningPermit(PermitKind.Leaf, context.Issuer.Key), spec, new IssuanceContext
        {
            Actor = $"accounts/{order.AccountId}",
            Purpose = order.Name,
            OnPlanned = (session, serial) => ClaimAsync(session, request, context, order, csr.Key, serial),
            OnIssued = (session, issued) => RecordAsync(session, order, context, issued, finalizeEvidence, request, notice),
            OnFailed = session => FailAsync(session, order.Id),
        }, cancellationToken);
    }

    // Only one of many parallel finalizes writes its plan into the order (F6); the plan of a loser is undone with it.
    private async ValueTask ClaimAsync(
        StoreSession session, VerifiedRequest request, LeafContext context, Order order, PublicKey key, SerialNumber serial)
    {
        await LeafIssue.CheckPlannedAsync(session, context, key);
        if (await AccountStore.FindKeyAsync(session, request.Account!.AccountId) is not { Status: AccountStatus.Valid } account)
            throw new RefusalException(RefusalReason.AccountNotValid, "the account is not valid any more");
        if (account.PauseMessage is { } message) throw AccountPause.Refusal(message);
        // The order as it was read, since it is not replaced when it has changed; its authorizations as they are now.
        CheckReady(await OrderStore.ViewAsync(session, order, time.GetUtcNow()));
        if (!await OrderStore.ReplaceAsync(session, order, Claimed(order, serial))) throw await ChangedAsync(session, order.Id);
        failPoints.Reach(FinalizeSteps.Claimed);
    }

    private async ValueTask<RefusalException> ChangedAsync(StoreSession session, string orderId)
    {
        CheckReady(await OrderStore.FindViewAsync(session, orderId, time.GetUtcNow())
            ?? throw new RefusalException(RefusalReason.AcmeNotFound, "the order has expired"));
        return new RefusalException(RefusalReason.OrderNotReady, "another request is finalizing this order");
    }

    private async ValueTask<AuditEvent> RecordAsync(
        StoreSession session, Order order, LeafContext context, IssuedCertificate issued, byte[] finalizeEvidence, VerifiedRequest request, WebhookNotice notice)
    {
        var now = time.GetUtcNow();
        var certificate = LeafIssue.RecordOf(issued, context, now) with { AccountId = order.AccountId, OrderId = order.Id, GatewayId = request.Context.Gateway.Id };
        await CertificateStore.InsertAsync(session, certificate, new CertificateEvidence(order.Evidence, finalizeEvidence));
        await notice.WriteAsync(session, certificate);
        if (order.Replaces is { } replaced) await Replacement.CloseAsync(session, replaced, certificate);
        var claimed = Claimed(order, issued.Serial);
        if (!await OrderStore.ReplaceAsync(session, claimed, Issued(claimed, issued.Serial)))
            throw new InvalidOperationException($"order {order.Id} changed while its certificate was signed");
        failPoints.Reach(FinalizeSteps.Written);
        return new AuditEvent(now, "certificate.issue", $"accounts/{order.AccountId}", certificate.Name,
        [
            new("identifiers", string.Join(' ', order.Identifiers)),
            new("order", order.Name),
            new("provisioner", order.ProvisionerId),
            new("profile", context.Profile.Id),
            new("issuer", certificate.Issuer),
            new("gateway", request.Context.Gateway.Id),
            new("clientAddress", request.Context.ClientAddress),
            new("keySha256", issued.Spec.Key.Sha256Hex),
            new("notAfter", issued.Spec.NotAfter.ToString("yyyy-MM-ddTHH:mm:ssZ")),
        ]);
    }

    // What a claim leaves of an order, and what its certificate does: the next version each, so that neither is read again.
    private static Order Claimed(Order order, SerialNumber serial) => order with { PlannedSerial = serial.Hex, Version = order.Version + 1 };

    private static Order Issued(Order claimed, SerialNumber serial) => claimed with { CertificateSerial = serial.Hex, Evidence = [], Version = claimed.Version + 1 };

    // O10: ends in invalid with an error, never in a hanging processing.
    private static async ValueTask FailAsync(StoreSession session, string orderId)
    {
        var order = await OrderStore.FindAsync(session, orderId);
        if (order is null || order.CertificateSerial is not null) return;
        await OrderStore.ReplaceAsync(session, order, order with
        {
            PlannedSerial = null,
            Error = new OrderError(RefusalReason.ServerInternal, "the certificate could not be issued; the operator's log has the cause. Make a new order", null),
        });
    }

    private static void CheckReady(OrderView view)
    {
        if (view.Status == OrderStatus.Ready) return;
        var why = view.Status switch
        {
            OrderStatus.Pending => "not all of its authorizations are valid yet",
            OrderStatus.Processing => "its certificate is being issued",
            OrderStatus.Valid => "its certificate has been issued: fetch the order for its URL",
            _ => view.Error?.Detail ?? "it is invalid",
        };
        throw new RefusalException(RefusalReason.OrderNotReady, $"the order is {view.Status.ToString().ToLowerInvariant()}: {why}");
    }

    private static void CheckCsr(CertificateSigningRequest csr, Order order)
    {
        var missing = order.Identifiers.Except(csr.Names).ToList();
        var extra = csr.Names.Except(order.Identifiers).ToList();
        if (missing.Count == 0 && extra.Count == 0) return;
        var sentences = new List<string>(2);
        if (missing.Count > 0) sentences.Add($"the CSR lacks {string.Join(", ", missing)}");
        if (extra.Count > 0) sentences.Add($"the CSR has {string.Join(", ", extra)}, which the order does not have");
        throw new RefusalException(RefusalReason.BadCsr, string.Join("; ", sentences));
    }
}
