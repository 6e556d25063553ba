using System.Collections.Immutable;
using System.Globalization;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.CertificateRequests;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Policy;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>Takes orders and shows them (RFC 8555 §7.4): names → policy → an order with its authorizations.</summary>
internal sealed class OrderDesk(IStore store, LeafContexts contexts, RequestLimits limits, OrderOptions options, TimeProvider time)
{
    /// <summary>new-order: writes the order and the authorizations it lacks, in one commit.</summary>
    /// <exception cref="RefusalException">Malformed, UnsupportedIdentifier, RejectedIdentifier (with a part per name), InvalidProfile, RateLimited.</exception>
    public async Task<OrderView> CreateAsync(VerifiedRequest request, CancellationToken cancellationToken)
    {
        var payload = request.RequireObject();
        var wanted = NewOrderPayload.Read(payload, options.MostIdentifiers);
        var context = await contexts.CurrentAsync(new LeafAsker(request.Context.Provisioner, wanted.Profile) { Account = request.Account }, cancellationToken);
        var now = time.GetUtcNow();
        LeafPolicy.CheckWanted(context.Terms, now, wanted.NotBefore, wanted.NotAfter);
        CheckNames(context, wanted.Identifiers);
        var tokens = limits.TakeOrder(context.Provisioner, request.Account!.AccountId, request.Context.ClientAddress, wanted.Identifiers);
        return await tokens.SpendAsync(() => store.WriteAsync(session => WriteAsync(session, request, context, wanted, now), cancellationToken));
    }

    /// <summary>new-authz: an authorization before any order (§7.4.1); a valid one is shown again.</summary>
    /// <exception cref="RefusalException">Malformed (a wildcard), UnsupportedIdentifier, RejectedIdentifier, RateLimited.</exception>
    public async Task<Authorization> AuthorizeAsync(VerifiedRequest request, CancellationToken cancellationToken)
    {
        var name = NewOrderPayload.ReadIdentifier(request.RequireObject().RequireObject("identifier"));
        // §7.4.1: pre-authorization is not for wildcards.
        if (name.IsWildcard) throw new RefusalException(RefusalReason.Malformed, $"{name} is a wildcard, which cannot be authorized before an order");
        var context = await contexts.CurrentAsync(new LeafAsker(request.Context.Provisioner, null) { Account = request.Account }, cancellationToken);
        CheckNames(context, [name]);
        var now = time.GetUtcNow();
        var tokens = limits.TakeOrder(context.Provisioner, request.Account!.AccountId, request.Context.ClientAddress, [name]);
        return await tokens.SpendAsync(() => store.WriteAsync(async session =>
        {
            var authorization = await AuthorizeAsync(session, request, context, name, now, now + context.Provisioner.OrderLifetime);
            await CheckPendingAsync(session, context, [authorization], now);
            return authorization;
        }, cancellationToken), authorization => authorization.Version == 0);
    }

    /// <summary>order/{id}: shows it to its account.</summary>
    public async ValueTask<OrderView> FindAsync(VerifiedRequest request, string orderId, CancellationToken cancellationToken)
    {
        request.RequirePostAsGet();
        return await LoadAsync(store, request, orderId, time.GetUtcNow(), cancellationToken);
    }

    /// <summary>account/{id}/orders: a page of ids, newest first, and the cursor of the next page (§7.1.2.1).</summary>
    public async ValueTask<(ImmutableArray<string> OrderIds, string NextCursor)> ListAsync(
        VerifiedRequest request, string accountId, string cursor, CancellationToken cancellationToken)
    {
        request.RequirePostAsGet();
        if (request.Account!.AccountId != accountId)
            throw new RefusalException(RefusalReason.Unauthorized, "the orders URL is another account's than the one that signed");
        var (beforeTime, beforeId) = ReadCursor(cursor);
        var orders = await store.ReadAsync(s => OrderStore.ListByAccountAsync(s, accountId, beforeTime, beforeId, options.PageSize + 1), cancellationToken);
        var page = orders.Take(options.PageSize).ToList();
        var next = orders.Count > options.PageSize ? $"{page[^1].CreatedAt.ToUnixTimeMilliseconds()}-{page[^1].Id}" : "";
        // §7.1.2.1: invalid orders are left out; a page may hold fewer than its size.
        var now = time.GetUtcNow();
        return ([.. page.Where(o => o.CertificateSerial is not null || (o.Error is null && o.ExpiresAt > now)).Select(o => o.Id)], next);
    }

    /// <summary>The order when it is the caller's; another's is unauthorized and shows nothing (O7).</summary>
    public static async ValueTask<OrderView> LoadAsync(IStore store, VerifiedRequest request, string orderId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var view = await OrderStore.FindViewAsync(store, orderId, now, cancellationToken);
        if (view is null || view.Order.ProvisionerId != request.Context.Provisioner)
            throw new RefusalException(RefusalReason.AcmeNotFound, "there is no such order; orders are forgotten some time after they expire");
        if (view.Order.AccountId != request.Account!.AccountId)
            throw new RefusalException(RefusalReason.Unauthorized, "the order is another account's");
        return view;
    }

    /// <summary>Refuses with one part per name that policy rejects.</summary>
    public static void CheckNames(LeafContext context, ImmutableArray<Identifier> identifiers) => LeafIssue.CheckNames(identifiers, name => Decide(context, name));

    private static NameVerdict Decide(LeafContext context, Identifier name)
    {
        var verdict = NameGate.Decide(context.Names, name);
        if (!verdict.Allowed || context.Provisioner.Challenges.Any(type => ChallengeTypes.Proves(type, name))) return verdict;
        return verdict with { Allowed = false, Explanation = $"{name} can be proven by none of the challenges that {context.Provisioner.Name} offers ({string.Join(", ", context.Provisioner.Challenges)})" };
    }

    private async ValueTask<OrderView> WriteAsync(
        StoreSession session, VerifiedRequest request, LeafContext context, NewOrderPayload wanted, DateTimeOffset now)
    {
        var accountId = request.Account!.AccountId;
        var expiresAt = now + context.Provisioner.OrderLifetime;
        var authorizations = new List<Authorization>(wanted.Identifiers.Length);
        foreach (var name in wanted.Identifiers) authorizations.Add(await AuthorizeAsync(session, request, context, name, now, expiresAt));
        await CheckPendingAsync(session, context, authorizations, now);
        var order = new Order
        {
            Id = Ids.New(),
            AccountId = accountId,
            ProvisionerId = request.Context.Provisioner,
            GatewayId = request.Context.Gateway.Id,
            Identifiers = wanted.Identifiers,
            AuthorizationIds = [.. authorizations.Select(a => a.Id)],
            ProfileId = context.Profile.Id,
            ProfileWanted = wanted.Profile,
            Replaces = wanted.Replaces,
            NotBefore = wanted.NotBefore,
            NotAfter = wanted.NotAfter,
            CreatedAt = now,
            // An order is of no use after the first of its authorizations has gone.
            ExpiresAt = authorizations.Min(a => a.ExpiresAt) is var first && first < expiresAt ? first : expiresAt,
            Evidence = request.Evidence.ToArray(),
        };
        if (wanted.Replaces is { } replaced) await Replacement.ClaimAsync(session, replaced, order, context.Authority, now);
        await OrderStore.InsertAsync(session, order);
        return new OrderView(order with { Version = 1 }, authorizations, now);
    }

    // Those that are used again are valid: a pending one was added just now.
    private ValueTask CheckPendingAsync(StoreSession session, LeafContext context, IReadOnlyList<Authorization> authorizations, DateTimeOffset now) =>
        authorizations.FirstOrDefault(a => a.StatusAt(now) == AuthorizationStatus.Pending) is { } added
            ? limits.CheckPendingAsync(session, context.Provisioner, added.AccountId, now)
            : ValueTask.CompletedTask;

    // A valid authorization is used again until its time is over; policy was asked just now.
    private static async ValueTask<Authorization> AuthorizeAsync(
        StoreSession session, VerifiedRequest request, LeafContext context, Identifier name, DateTimeOffset now, DateTimeOffset expiresAt, bool beforeOrder = false)
    {
        var accountId = request.Account!.AccountId;
        var key = AuthorizationStore.KeyOf(name.WithoutWildcard, name.IsWildcard);
        var valid = await AuthorizationStore.ListUnexpiredAsync(session, accountId, key, now);
        if (valid.Find(a => a.IsReusableAt(now, context.Provisioner.AuthorizationReuse)) is { } reusable) return reusable;
        var authorization = NewAuthorization.For(name, accountId, context.Provisioner, now, expiresAt) with { BeforeOrder = beforeOrder };
        await AuthorizationStore.InsertAsync(session, authorization);
        return authorization;
    }

    private static (DateTimeOffset Time, string Id) ReadCursor(string cursor)
    {
        if (cursor.Length == 0) return (DateTimeOffset.MaxValue, "");
        var dash = cursor.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && long.TryParse(cursor.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? (DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), cursor[(dash + 1)..])
            : throw new RefusalException(RefusalReason.Malformed, "the cursor is none of ours");
    }
}

/// <summary>Bounds of orders.</summary>
internal sealed record OrderOptions
{
    /// <summary>Names in one order; default 100.</summary>
    public int MostIdentifiers { get; init; } = 100;

    /// <summary>Orders on one page of an account's list; default 100.</summary>
    public int PageSize { get; init; } = 100;
}
