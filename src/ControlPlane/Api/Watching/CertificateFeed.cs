using System.Collections.Immutable;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Watching;

/// <summary>What a watcher wants to hear of.</summary>
/// <param name="ProvisionerId">Certificates of this one; null for all.</param>
/// <param name="Identifier">Certificates with this name; null for all.</param>
/// <param name="Kinds">Events of these kinds; empty for all.</param>
/// <param name="ExpiringWithin">How long before its end a certificate is told of.</param>
internal sealed record FeedFilter(string? ProvisionerId, string? Identifier, ImmutableHashSet<CertificateEvent.Types.Kind> Kinds, TimeSpan ExpiringWithin)
{
    public bool Wants(CertificateEvent.Types.Kind kind) => Kinds.IsEmpty || Kinds.Contains(kind);

    public bool Wants(CertificateRecord certificate) =>
        (ProvisionerId is null || certificate.ProvisionerId == ProvisionerId)
        && (Identifier is null || certificate.Identifiers.Any(i => i.ToString() == Identifier));
}

/// <summary>Where a watcher is: the last act of the audit, and the last certificate in the order of expiry, that it has been told of.</summary>
internal readonly record struct FeedPosition(long Seq, CertificatePosition Expiry);

/// <summary>An event and where it leaves the watcher.</summary>
internal sealed record FeedItem(CertificateEvent Event, FeedPosition Position);

/// <summary>
/// What happens to certificates, read from what is written anyway: acts from the audit, ends from the index of expiry and the
/// clock. Nothing is kept for a watcher but its place, so that any number of processes can serve the same store.
/// </summary>
internal sealed class CertificateFeed(IStore store, FeedFilter filter, FeedPosition start, TimeProvider time)
{
    private const int PageRows = 200;

    // Serials are hexadecimal.
    private const string BehindAll = "g";

    // PostgreSQL hands out numbers before it commits: what is missing may still come. Nothing of ours writes for longer.
    private static readonly TimeSpan GapHeld = TimeSpan.FromSeconds(10);
    private static readonly CertificateOrder ByExpiry = new(ByExpiry: true, Descending: false);

    private long gapBehind = -1;
    private long gapSince;

    public FeedPosition Position { get; private set; } = start;

    /// <summary>Whether there is more to tell at once.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>The place of who wants to hear what happens from now on.</summary>
    public static async ValueTask<FeedPosition> NowAsync(IStore store, FeedFilter filter, DateTimeOffset now, CancellationToken cancellationToken) =>
        new(await store.ReadAsync(AuditLog.LastAsync, cancellationToken), new((now + filter.ExpiringWithin).ToUnixTimeMilliseconds(), BehindAll));

    /// <summary>A page of what happened since; empty when nothing did, or nothing that is wanted.</summary>
    public async Task<IReadOnlyList<FeedItem>> NextAsync(CancellationToken cancellationToken)
    {
        var items = new List<FeedItem>();
        IsBehind = await ReadActsAsync(items, cancellationToken);
        IsBehind |= await ReadEndsAsync(items, cancellationToken);
        return items;
    }

    private async Task<bool> ReadActsAsync(List<FeedItem> items, CancellationToken cancellationToken)
    {
        var position = Position;
        var (read, told) = await store.ReadAsync(async session =>
        {
            var page = Settled(await AuditLog.ListAfterAsync(session, position.Seq, PageRows), position.Seq);
            var told = new List<(long Seq, CertificateEvent Event)>();
            foreach (var (seq, act) in page)
                if (await TellAsync(session, act) is { } happened) told.Add((seq, happened));
            return (page, told);
        }, cancellationToken);
        items.AddRange(told.Select(t => new FeedItem(t.Event, position with { Seq = t.Seq })));
        if (read.Count > 0) Position = position with { Seq = read[^1].Seq };
        return read.Count == PageRows;
    }

    // The acts up to a gap that is too young to be believed.
    private List<(long Seq, Audit.AuditEvent Act)> Settled(List<(long Seq, Audit.AuditEvent Act)> page, long behind)
    {
        for (var i = 0; i < page.Count; i++)
        {
            var (seq, act) = page[i];
            if (seq > behind + 1 && !IsBelieved(behind, act)) return page[..i];
            behind = seq;
        }
        return page;
    }

    private bool IsBelieved(long behind, Audit.AuditEvent next)
    {
        if (next.Time <= time.GetUtcNow() - GapHeld) return true;
        if (gapBehind != behind) (gapBehind, gapSince) = (behind, time.GetTimestamp());
        return time.GetElapsedTime(gapSince) >= GapHeld;
    }

    private async ValueTask<CertificateEvent?> TellAsync(StoreSession session, Audit.AuditEvent act)
    {
        if (act.Action is not ("certificate.issue" or "certificate.revoke")) return null;
        if (!ResourceName.TryParse(act.Resource, ResourceName.Certificates, out var id) || !Pki.SerialNumber.TryParseHex(id, out var serial)) return null;
        if (await CertificateStore.FindAsync(session, serial) is not { } certificate || !filter.Wants(certificate)) return null;
        var kind = CertificateEvent.Types.Kind.Revoked;
        var replaces = "";
        if (act.Action == "certificate.issue")
        {
            var earlier = certificate.Renews is { } renewed
                ? ResourceName.Of(ResourceName.Certificates, renewed.Hex)
                : await CertificateStore.FindEarlierAsync(session, certificate);
            replaces = earlier ?? "";
            kind = earlier is null ? CertificateEvent.Types.Kind.Issued : CertificateEvent.Types.Kind.Renewed;
        }
        return filter.Wants(kind) ? Event(kind, act.Time, certificate, replaces, act.Actor) : null;
    }

    private async Task<bool> ReadEndsAsync(List<FeedItem> items, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var until = now + filter.ExpiringWithin;
        var to = until.ToUnixTimeMilliseconds();
        if (to <= Position.Expiry.Time) return false;
        if (!filter.Wants(CertificateEvent.Types.Kind.Expiring))
        {
            Position = Position with { Expiry = new(to, BehindAll) };
            return false;
        }
        var query = new CertificateQuery(Ending(now, to), ByExpiry, Position.Expiry, PageRows);
        var (page, told) = await store.ReadAsync(async session =>
        {
            var page = await CertificateListStore.ListAsync(session, query);
            var told = new List<CertificateRecord>();
            // Who has a newer one for the same names has nothing to do.
            foreach (var certificate in page.Rows)
                if (!await CertificateStore.IsRenewedAsync(session, certificate)) told.Add(certificate);
            return (page, told);
        }, cancellationToken);
        items.AddRange(told.Select(c => new FeedItem(
            Event(CertificateEvent.Types.Kind.Expiring, c.NotAfter - filter.ExpiringWithin, c, "", "system"), Position with { Expiry = ByExpiry.PositionOf(c) })));
        var full = page.Rows.Count == PageRows;
        Position = Position with { Expiry = full ? ByExpiry.PositionOf(page.Rows[^1]) : page.ReadTo ?? new(to, BehindAll) };
        return full || page.ReadTo is not null;
    }

    private ImmutableArray<CertificateCondition> Ending(DateTimeOffset now, long to)
    {
        var conditions = CertificateCondition.Live(now).Add(new(CertificateField.Expires, to, Comparison.LessOrEqual));
        if (filter.ProvisionerId is { } provisioner) conditions = conditions.Add(new(CertificateField.Provisioner, provisioner));
        if (filter.Identifier is { } identifier) conditions = conditions.Add(new(CertificateField.Identifier, identifier));
        return conditions;
    }

    private CertificateEvent Event(CertificateEvent.Types.Kind kind, DateTimeOffset when, CertificateRecord certificate, string replaces, string actor) => new()
    {
        Kind = kind,
        EventTime = Wire.Time(when),
        Certificate = CertificateMapping.ToProto(certificate, time.GetUtcNow()),
        Replaces = replaces,
        Actor = actor,
    };
}
