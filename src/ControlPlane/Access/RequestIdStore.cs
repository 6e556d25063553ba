using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Access;

/// <summary>A used request id, as stored.</summary>
internal sealed record RequestIdRow(
    string Actor, string RequestId, string Method, byte[] RequestSha256, byte[] Answer, DateTimeOffset ExpiresAt);

/// <summary>SQL of the table request_ids.</summary>
internal static class RequestIdStore
{
    public static ValueTask<RequestIdRow?> FindAsync(StoreSession session, string actor, string requestId, DateTimeOffset now) => session.Sql("""
        SELECT method, request_sha256, answer, expires_at FROM request_ids
        WHERE actor = @actor AND request_id = @id AND expires_at > @now
        """).With("@actor", actor).With("@id", requestId).With("@now", now)
        .FirstAsync(row => new RequestIdRow(actor, requestId, row.GetString(0), row.Bytes(1), row.Bytes(2), row.Time(3)));

    /// <summary>False when the id is there already.</summary>
    public static async ValueTask<bool> AddAsync(StoreSession session, RequestIdRow row) => await session.Sql("""
        INSERT INTO request_ids (actor, request_id, method, request_sha256, answer, expires_at)
        VALUES (@actor, @id, @method, @sha256, @answer, @expires)
        ON CONFLICT (actor, request_id) DO NOTHING
        """).With("@actor", row.Actor).With("@id", row.RequestId).With("@method", row.Method).With("@sha256", row.RequestSha256)
        .With("@answer", row.Answer).With("@expires", row.ExpiresAt).ExecuteAsync() == 1;

    /// <summary>Makes room for an id whose day is over.</summary>
    public static async ValueTask DropAsync(StoreSession session, string actor, string requestId, DateTimeOffset now) => await session.Sql("""
        DELETE FROM request_ids WHERE actor = @actor AND request_id = @id AND expires_at <= @now
        """).With("@actor", actor).With("@id", requestId).With("@now", now).ExecuteAsync();

    public static async ValueTask<int> SweepAsync(StoreSession session, DateTimeOffset now, int limit) => await session.Sql("""
        DELETE FROM request_ids WHERE (actor, request_id) IN
            (SELECT actor, request_id FROM request_ids WHERE expires_at <= @now ORDER BY expires_at LIMIT @limit)
        """).With("@now", now).With("@limit", limit).ExecuteAsync();
}
