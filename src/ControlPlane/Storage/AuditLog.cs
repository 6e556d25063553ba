using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>An event as it stands in the audit.</summary>
/// <param name="Id">128 random bits, lower-case hex.</param>
/// <param name="Event">What the canonical bytes say.</param>
/// <param name="Canonical">The bytes that were hashed: JSON.</param>
/// <param name="Sha256">Their hash, as written with them.</param>
internal sealed record AuditEntry(string Id, AuditEvent Event, byte[] Canonical, byte[] Sha256)
{
    /// <summary>Whether the bytes are still those that were hashed.</summary>
    public bool IsIntact => Sha256.AsSpan().SequenceEqual(SHA256.HashData(Canonical));
}

/// <summary>Writes acts into the audit, in the transaction of the act, and reads them back.</summary>
internal static class AuditLog
{
    private const int IdBytes = 16;

    // An act's time is taken before its commit: events stand a little out of order, and replicas' clocks differ.
    private static readonly TimeSpan Nearby = TimeSpan.FromMinutes(1);
    private const int NearPage = 1000, MostNear = 50_000;

    /// <summary>Appends an event; called by the engines for every act, in the session that holds the act's rows.</summary>
    public static async ValueTask AppendAsync(StoreSession session, AuditEvent auditEvent)
    {
        var id = RandomNumberGenerator.GetBytes(IdBytes);
        var canonical = AuditCanon.Write(Convert.ToHexStringLower(id), auditEvent);
        await session.Sql("INSERT INTO audit_events (id, canonical, sha256) VALUES (@id, @canonical, @sha256)")
            .With("id", id).With("canonical", canonical).With("sha256", SHA256.HashData(canonical)).ExecuteAsync();
    }

    /// <summary>Events, newest first.</summary>
    /// <param name="session">A session.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="before">Id of the last event of the page before; null for the first page.</param>
    /// <exception cref="RefusalException">There is no event <paramref name="before"/>.</exception>
    public static async ValueTask<IReadOnlyList<AuditEntry>> ListAsync(StoreSession session, int limit, string? before)
    {
        var upTo = before is null ? long.MaxValue : await PositionAsync(session, before);
        return await session.Sql("SELECT id, canonical, sha256 FROM audit_events WHERE seq < @before ORDER BY seq DESC LIMIT @limit")
            .With("before", upTo).With("limit", limit).ListAsync(row => Entry(row.Bytes(0), row.Bytes(1), row.Bytes(2)));
    }

    /// <summary>The number of the last event; zero when there is none.</summary>
    public static ValueTask<long> LastAsync(StoreSession session) => session.Sql("SELECT MAX(seq) FROM audit_events").NumberAsync();

    /// <summary>Events behind a number, oldest first. Where numbers are missing, events may still come: PostgreSQL numbers them before it commits.</summary>
    public static ValueTask<List<(long Seq, AuditEvent Event)>> ListAfterAsync(StoreSession session, long seq, int limit) => session
        .Sql("SELECT seq, canonical FROM audit_events WHERE seq > @after ORDER BY seq LIMIT @limit")
        .With("after", seq).With("limit", limit).ListAsync(row => (row.GetInt64(0), AuditCanon.Read(row.Bytes(1))));

    /// <summary>
    /// Events about a resource that happened at about a time, in time's order. Events have no columns to be found by; their
    /// order is nearly that of their times, so that the place is found by halving, and a bounded stretch around it is read.
    /// </summary>
    public static async ValueTask<IReadOnlyList<AuditEntry>> NearAsync(StoreSession session, DateTimeOffset time, string resource)
    {
        var found = new List<AuditEntry>();
        var mark = Encoding.UTF8.GetBytes($"\"resource\":\"{resource}\"");
        var behind = await PlaceAsync(session, time - Nearby) - 1;
        for (var read = 0; read < MostNear; read += NearPage)
        {
            var page = await session.Sql("SELECT seq, id, canonical, sha256 FROM audit_events WHERE seq > @behind ORDER BY seq LIMIT @limit")
                .With("behind", behind).With("limit", NearPage)
                .ListAsync(row => (Seq: row.GetInt64(0), Id: row.Bytes(1), Canonical: row.Bytes(2), Sha256: row.Bytes(3)));
            found.AddRange(page.Where(row => row.Canonical.AsSpan().IndexOf(mark) >= 0).Select(row => Entry(row.Id, row.Canonical, row.Sha256)).Where(e => e.Event.Resource == resource));
            if (page.Count < NearPage || AuditCanon.Read(page[^1].Canonical).Time > time + Nearby) break;
            behind = page[^1].Seq;
        }
        return found;
    }

    // The first event that happened at the time or later.
    private static async ValueTask<long> PlaceAsync(StoreSession session, DateTimeOffset time)
    {
        var (low, high) = (0L, await LastAsync(session) + 1);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var at = await session.Sql("SELECT canonical FROM audit_events WHERE seq >= @middle ORDER BY seq LIMIT 1").With("middle", middle).FirstAsync(row => row.Bytes(0));
            if (at is null || AuditCanon.Read(at).Time >= time) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private static AuditEntry Entry(byte[] id, byte[] canonical, byte[] sha256) => new(Convert.ToHexStringLower(id), AuditCanon.Read(canonical), canonical, sha256);

    private static async ValueTask<long> PositionAsync(StoreSession session, string id)
    {
        var bytes = new byte[IdBytes];
        var wellFormed = id.Length == 2 * IdBytes
            && Convert.FromHexString(id, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        var position = wellFormed ? await session.Sql("SELECT seq FROM audit_events WHERE id = @id").With("id", bytes).NumberAsync() : 0;
        return position > 0 ? position : throw new RefusalException(RefusalReason.InvalidArgument, "there is no audit event to go on from");
    }
}
