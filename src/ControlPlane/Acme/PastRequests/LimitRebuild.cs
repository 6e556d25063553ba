using System.Collections.Frozen;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Storage;
using Microsoft.Extensions.Hosting;

namespace GrpcCa.ControlPlane.Acme.PastRequests;

/// <summary>
/// Fills the buckets from the rows of their windows before the first request, so that a restart forgives nothing that
/// rows tell. They tell no client addresses: those buckets start full.
/// </summary>
internal sealed class LimitRebuild(
    IStore store, RequestLimits limits, LimitBuckets buckets, ProvisionerBook provisioners, TimeProvider time, ILogger<LimitRebuild> log) : IHostedService
{
    // The start must not take longer the busier the day was: of more rows than these the newest count.
    private const int MostRows = 100_000;
    private const int PageSize = 1000;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var known = await provisioners.CurrentAsync(cancellationToken);
        var accounts = await NoteAccountsAsync(known, cancellationToken);
        // Before the orders: certificates without one are older.
        await NoteCertificatesAsync(known, cancellationToken);
        var orders = await NoteOrdersAsync(known, cancellationToken);
        var attempts = await NoteAttemptsAsync(known, cancellationToken);
        log.Rebuilt(accounts, orders, attempts);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<int> NoteAccountsAsync(FrozenDictionary<string, ProvisionerRecord> known, CancellationToken cancellationToken)
    {
        var since = await SinceAsync(LimitKind.Accounts, PastRequestStore.AccountsBeforeAsync, cancellationToken);
        return await EachAsync(since, PastRequestStore.ListAccountsAsync, account => (account.CreatedAt, account.Id), account =>
        {
            if (known.TryGetValue(account.ProvisionerId, out var provisioner)) Note(limits.OfAccount(provisioner, clientAddress: ""), account.CreatedAt);
        }, cancellationToken);
    }

    private async Task NoteCertificatesAsync(FrozenDictionary<string, ProvisionerRecord> known, CancellationToken cancellationToken)
    {
        var since = await SinceAsync(LimitKind.OrdersPerName, PastRequestStore.CertificatesBeforeAsync, cancellationToken);
        await EachAsync(since, PastRequestStore.ListIssuedAsync, certificate => (certificate.CreatedAt, certificate.Serial), certificate =>
        {
            if (known.TryGetValue(certificate.ProvisionerId, out var provisioner)) Note(limits.OfNames(provisioner, certificate.AccountId, certificate.Identifiers), certificate.CreatedAt);
        }, cancellationToken);
    }

    private async Task<int> NoteOrdersAsync(FrozenDictionary<string, ProvisionerRecord> known, CancellationToken cancellationToken)
    {
        var since = await SinceAsync(LimitKind.OrdersPerName, PastRequestStore.OrdersBeforeAsync, cancellationToken);
        return await EachAsync(since, PastRequestStore.ListOrdersAsync, order => (order.CreatedAt, order.Id), order =>
        {
            if (known.TryGetValue(order.ProvisionerId, out var provisioner))
                Note(limits.OfOrder(provisioner, order.AccountId, clientAddress: "", order.Identifiers), order.CreatedAt);
        }, cancellationToken);
    }

    private async Task<int> NoteAttemptsAsync(FrozenDictionary<string, ProvisionerRecord> known, CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow() - LimitKind.FailedValidationsPerAccountAndName.Window();
        var taken = new List<(DateTimeOffset At, BucketClaim Claim)>();
        await EachAsync(since, PastRequestStore.ListAttemptedAsync, authorization => (authorization.ExpiresAt, authorization.Id), authorization =>
        {
            if (!known.TryGetValue(authorization.ProvisionerId, out var provisioner)) return;
            // One that runs has taken its token; it gives it back when it succeeds.
            foreach (var challenge in authorization.Challenges.Where(c => c.Status is ChallengeStatus.Invalid or ChallengeStatus.Processing))
                if (challenge.StartedAt is { } at && at > since) taken.AddRange(limits.OfAttempt(provisioner.Limits, authorization.AccountId, authorization.Identifier).Select(claim => (at, claim)));
        }, cancellationToken);
        foreach (var (at, claim) in taken.OrderBy(one => one.At)) Note([claim], at);
        return taken.Count;
    }

    private void Note(IEnumerable<BucketClaim> claims, DateTimeOffset at)
    {
        var now = time.GetUtcNow();
        foreach (var claim in claims) buckets.Note(claim, at, now);
    }

    private async Task<DateTimeOffset> SinceAsync(
        LimitKind limit, Func<StoreSession, DateTimeOffset, int, ValueTask<long>> before, CancellationToken cancellationToken)
    {
        var window = time.GetUtcNow() - limit.Window();
        var bounded = DateTimeOffset.FromUnixTimeMilliseconds(await store.ReadAsync(session => before(session, window, MostRows), cancellationToken));
        return bounded > window ? bounded : window;
    }

    // Short reads, a page each; rows that come in between belong to another process.
    private async Task<int> EachAsync<T>(
        DateTimeOffset since,
        Func<StoreSession, DateTimeOffset, string, int, ValueTask<List<T>>> list,
        Func<T, (DateTimeOffset Time, string Id)> position,
        Action<T> note,
        CancellationToken cancellationToken)
    {
        var after = (Time: since, Id: "");
        var rows = 0;
        while (rows < MostRows)
        {
            var page = await store.ReadAsync(session => list(session, after.Time, after.Id, PageSize), cancellationToken);
            page.ForEach(note);
            rows += page.Count;
            if (page.Count < PageSize) break;
            after = position(page[^1]);
        }
        return rows;
    }
}
