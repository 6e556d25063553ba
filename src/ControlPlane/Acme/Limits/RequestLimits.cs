using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Host;

namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>Says whether an account, an order or a validation may be added now (RFC 8555 §6.6), after policy and before the write.</summary>
internal sealed class RequestLimits(LimitOptions options, LimitBuckets buckets, ProvisionerBook provisioners, TimeProvider time)
{
    /// <summary>Takes what a new account costs.</summary>
    /// <exception cref="Refusals.RefusalException">RateLimited; then nothing was taken.</exception>
    public TakenTokens TakeAccount(ProvisionerRecord provisioner, string clientAddress) => Take(OfAccount(provisioner, clientAddress));

    /// <summary>Takes what a new order costs, or a pre-authorization, which leaves as much behind.</summary>
    /// <exception cref="Refusals.RefusalException">RateLimited, with a part for each name that is over its limit; then nothing was taken.</exception>
    public TakenTokens TakeOrder(ProvisionerRecord provisioner, string accountId, string clientAddress, IReadOnlyList<Identifier> names) =>
        Take(OfOrder(provisioner, accountId, clientAddress, names));

    /// <summary>Takes a failed validation in advance: of many attempts at once no more are made than may fail.</summary>
    /// <exception cref="Refusals.RefusalException">RateLimited; then nothing was taken.</exception>
    public async ValueTask<TakenTokens> TakeAttemptAsync(string provisionerId, string accountId, Identifier name, CancellationToken cancellationToken) =>
        Take(OfAttempt(await LimitsOfAsync(provisionerId, cancellationToken), accountId, name));

    /// <summary>Gives back what an attempt took that did not fail.</summary>
    public async ValueTask ReturnAttemptAsync(string provisionerId, string accountId, Identifier name, CancellationToken cancellationToken) =>
        new TakenTokens(buckets, time, OfAttempt(await LimitsOfAsync(provisionerId, cancellationToken), accountId, name)).Return();

    /// <summary>
    /// Refuses when the account has more pending authorizations than it may; asked in the write that added some, which
    /// the refusal undoes. The rows are counted, so this limit holds over several processes.
    /// </summary>
    /// <exception cref="Refusals.RefusalException">RateLimited.</exception>
    public async ValueTask CheckPendingAsync(StoreSession session, ProvisionerRecord provisioner, string accountId, DateTimeOffset now)
    {
        const LimitKind limit = LimitKind.PendingAuthorizationsPerAccount;
        var size = options.SizeOf(limit, provisioner.Limits);
        if (size <= 0 || await PendingStore.CountPendingAsync(session, accountId, now) <= size) return;
        var first = await PendingStore.FirstPendingExpiryAsync(session, accountId, now);
        throw LimitRefusal.Of([new Shortage(new BucketClaim(limit, default, size), first)], options.HelpUrl, now);
    }

    internal ImmutableArray<BucketClaim> OfAccount(ProvisionerRecord provisioner, string clientAddress) =>
    [
        .. Claim(LimitKind.AccountsPerAddress, provisioner.Limits, provisioner.Id, ClientNetwork.Of(clientAddress)),
        .. Claim(LimitKind.Accounts, provisioner.Limits, provisioner.Id, ""),
    ];

    internal ImmutableArray<BucketClaim> OfOrder(ProvisionerRecord provisioner, string accountId, string clientAddress, IReadOnlyList<Identifier> names) =>
    [
        .. Claim(LimitKind.OrdersPerAccount, provisioner.Limits, provisioner.Id, accountId),
        .. Claim(LimitKind.OrdersPerAddress, provisioner.Limits, provisioner.Id, ClientNetwork.Of(clientAddress)),
        .. Claim(LimitKind.Orders, provisioner.Limits, provisioner.Id, ""),
        .. OfNames(provisioner, accountId, names),
    ];

    // By account: one that is allowed a name must not use up another's share of it.
    internal IEnumerable<BucketClaim> OfNames(ProvisionerRecord provisioner, string accountId, IReadOnlyList<Identifier> names) =>
        names.SelectMany(name => Claim(LimitKind.OrdersPerName, provisioner.Limits, accountId, name.ToString(), name));

    // An authorization of *.x and one of x are validated apart, but they are about one name.
    internal ImmutableArray<BucketClaim> OfAttempt(ProvisionerLimits limits, string accountId, Identifier name) =>
    [
        .. Claim(LimitKind.FailedValidationsPerAccountAndName, limits, accountId, name.ToString(), name),
    ];

    private IEnumerable<BucketClaim> Claim(LimitKind limit, ProvisionerLimits own, string owner, string? whose, Identifier? name = null)
    {
        var size = options.SizeOf(limit, own);
        if (size > 0 && whose is not null) yield return new BucketClaim(limit, BucketKey.Of(owner, whose), size, name);
    }

    private TakenTokens Take(ImmutableArray<BucketClaim> claims)
    {
        var now = time.GetUtcNow();
        var missing = buckets.Take(claims, now);
        return missing.IsEmpty ? new TakenTokens(buckets, time, claims) : throw LimitRefusal.Of(missing, options.HelpUrl, now);
    }

    private async ValueTask<ProvisionerLimits> LimitsOfAsync(string provisionerId, CancellationToken cancellationToken) =>
        (await provisioners.CurrentAsync(cancellationToken)).GetValueOrDefault(provisionerId)?.Limits ?? new ProvisionerLimits();
}
