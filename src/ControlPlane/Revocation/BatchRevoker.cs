using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;

namespace GrpcCa.ControlPlane.Revocation;

/// <summary>Which certificates a batch is about.</summary>
/// <param name="Text">For the audit.</param>
/// <param name="Serials">These, where they are named; empty for all that the conditions take.</param>
/// <param name="Conditions">All of them hold.</param>
internal sealed record BatchSelection(string Text, ImmutableArray<SerialNumber> Serials, ImmutableArray<CertificateCondition> Conditions)
{
    /// <summary>The provisioner that named certificates must belong to; null for any.</summary>
    public string? ProvisionerId { get; init; }
}

/// <summary>How many a selection takes, and the first of them.</summary>
internal sealed record BatchPreview(long Matched, List<CertificateRecord> First);

/// <summary>
/// Revokes many certificates, a bounded number in each transaction: nothing else waits long, and what is done is done. A
/// batch that was cut off goes on when it is asked for again, since what is revoked is not selected any more.
/// </summary>
internal sealed class BatchRevoker(IStore store, Revoker revoker, FailPoints failPoints, TimeProvider time)
{
    private const int PageRows = 200;
    private static readonly CertificateOrder ByExpiry = new(ByExpiry: true, Descending: false);

    /// <summary>Counts what would be revoked.</summary>
    /// <exception cref="RefusalException">NotFound: a named certificate; InvalidArgument: the time.</exception>
    public async Task<BatchPreview> PreviewAsync(BatchSelection selection, DateTimeOffset? invalidSince, int sample, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Revoker.CheckInvalidSince(invalidSince, now);
        var preview = new BatchPreview(0, []);
        await foreach (var page in PagesAsync(selection, now, cancellationToken))
        {
            preview.First.AddRange(page.Take(sample - preview.First.Count));
            preview = preview with { Matched = preview.Matched + page.Count };
        }
        return preview;
    }

    /// <summary>Revokes them; returns how many.</summary>
    /// <param name="selection">Which.</param>
    /// <param name="reason">Why; keyCompromise blocks the keys.</param>
    /// <param name="invalidSince">Since when they cannot be trusted, where that is known.</param>
    /// <param name="actor">Who, for the audit.</param>
    /// <param name="now">What was issued later is not meant.</param>
    /// <param name="alongside">Written in the last transaction, with the count; may run more than once.</param>
    /// <param name="cancellationToken">Stops between two transactions.</param>
    public async Task<long> RevokeAsync(
        BatchSelection selection, RevocationReason reason, DateTimeOffset? invalidSince, string actor, DateTimeOffset now,
        Func<StoreSession, long, ValueTask>? alongside, CancellationToken cancellationToken)
    {
        long revoked = 0;
        await foreach (var page in PagesAsync(selection, now, cancellationToken))
        {
            var notice = await revoker.NoticeAsync(cancellationToken);
            revoked += await store.WriteAsync(session => RevokeAsync(session, page, reason, invalidSince, actor, notice), cancellationToken, Urgency.Urgent);
            failPoints.Reach(RevocationSteps.PageRecorded);
        }
        var total = await store.ActAsync(async session =>
        {
            if (alongside is not null) await alongside(session, revoked);
            return new Acted<long>(revoked, new AuditEvent(time.GetUtcNow(), "certificate.batchRevoke", actor, "certificates/-",
                [new("selector", selection.Text), new("reason", reason.ToString()), new("revoked", $"{revoked}")]));
        }, cancellationToken, Urgency.Urgent);
        failPoints.Reach(RevocationSteps.BatchRecorded);
        return total;
    }

    // Each with its own event in the same transaction, as if it had been revoked alone.
    private async ValueTask<long> RevokeAsync(StoreSession session, List<CertificateRecord> page, RevocationReason reason, DateTimeOffset? invalidSince, string actor, WebhookNotice notice)
    {
        long revoked = 0;
        foreach (var read in page)
        {
            // Somebody else may have been faster since the page was read.
            if (await CertificateStore.FindAsync(session, read.Serial) is not { } certificate || !Revoker.IsLive(certificate, time.GetUtcNow())) continue;
            var (_, act) = await revoker.RevokeAsync(session, read.Serial, reason, blockKey: true, actor, invalidSince, notice);
            await session.AppendAsync(act);
            revoked++;
        }
        return revoked;
    }

    // By expiry: the order in which a page's place stays where it is while certificates are revoked and issued.
    private async IAsyncEnumerable<List<CertificateRecord>> PagesAsync(
        BatchSelection selection, DateTimeOffset now, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var serials in selection.Serials.Chunk(PageRows))
            yield return await store.ReadAsync(session => NamedAsync(session, serials, selection.ProvisionerId, now), cancellationToken);
        if (!selection.Serials.IsEmpty) yield break;
        var conditions = selection.Conditions.AddRange(CertificateCondition.Live(now))
            .Add(new(CertificateField.Created, now.ToUnixTimeMilliseconds(), Comparison.LessOrEqual));
        CertificatePosition? after = null;
        do
        {
            var query = new CertificateQuery(conditions, ByExpiry, after, PageRows);
            var page = await store.ReadAsync(session => CertificateListStore.ListAsync(session, query), cancellationToken);
            after = page.Rows.Count == PageRows ? ByExpiry.PositionOf(page.Rows[^1]) : page.ReadTo;
            if (page.Rows.Count > 0) yield return page.Rows;
        }
        while (after is not null);
    }

    private static async ValueTask<List<CertificateRecord>> NamedAsync(StoreSession session, SerialNumber[] serials, string? provisionerId, DateTimeOffset now)
    {
        var live = new List<CertificateRecord>();
        foreach (var serial in serials)
        {
            var certificate = await CertificateStore.FindAsync(session, serial)
                ?? throw new RefusalException(RefusalReason.NotFound, $"no certificate with serial {serial.Hex} was issued here") { Field = "selector.certificates" };
            if (Revoker.IsLive(certificate, now) && (provisionerId is null || certificate.ProvisionerId == provisionerId)) live.Add(certificate);
        }
        return live;
    }
}
