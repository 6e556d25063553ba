using System.Collections.Immutable;
using System.Security.Cryptography;
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
            .With("before", upTo).With("limit", limit).ListAsync(row =>
            {
                var canonical = row.Bytes(1);
                return new AuditEntry(Convert.ToHexStringLower(row.Bytes(0)), AuditCanon.Read(canonical), canonical, row.Bytes(2));
            });
    }

    private static async ValueTask<long> PositionAsync(StoreSession session, string id)
    {
        var bytes = new byte[IdBytes];
        var wellFormed = id.Length == 2 * IdBytes
            && Convert.FromHexString(id, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        var position = wellFormed ? await session.Sql("SELECT seq FROM audit_events WHERE id = @id").With("id", bytes).NumberAsync() : 0;
        return position > 0 ? position : throw new RefusalException(RefusalReason.InvalidArgument, "there is no audit event to go on from");
    }
}
