using System.Data.Common;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Approvals;

/// <summary>SQL of the table approvals.</summary>
internal static class ApprovalStore
{
    private const string Columns =
        "id, method, request, request_sha256, resource, summary, asker, state, created_at, expires_at, decided_by, decided_at, outcome";

    public static ValueTask<ApprovalRecord?> FindAsync(StoreSession session, string id) =>
        session.Sql($"SELECT {Columns} FROM approvals WHERE id = @id").With("@id", id).FirstAsync(Read);

    /// <summary>What the asker waits for.</summary>
    public static ValueTask<List<ApprovalRecord>> PendingOfAsync(StoreSession session, string asker, DateTimeOffset now) => session
        .Sql($"SELECT {Columns} FROM approvals WHERE asker = @asker AND state = 1 AND expires_at > @now ORDER BY created_at, id")
        .With("@asker", asker).With("@now", now).ListAsync(Read);

    /// <summary>A page, newest first.</summary>
    /// <param name="session">A session.</param>
    /// <param name="state">Only those in this state; null for all.</param>
    /// <param name="asker">Only those of this asker; empty for all.</param>
    /// <param name="now">Tells the expired from the pending.</param>
    /// <param name="before">Behind this one.</param>
    /// <param name="beforeId">And this id.</param>
    /// <param name="limit">How many at most.</param>
    public static ValueTask<List<ApprovalRecord>> ListAsync(
        StoreSession session, ApprovalState? state, string asker, DateTimeOffset now, DateTimeOffset before, string beforeId, int limit) => session.Sql($"""
        SELECT {Columns} FROM approvals
        WHERE (@state = 0 OR (CASE WHEN state = 1 AND expires_at <= @now THEN 6 ELSE state END) = @state)
            AND (@asker = '' OR asker = @asker) AND (created_at, id) < (@before, @id)
        ORDER BY created_at DESC, id DESC LIMIT @limit
        """).With("@state", (long)(state ?? 0)).With("@now", now).With("@asker", asker).With("@before", before).With("@id", beforeId)
        .With("@limit", limit).ListAsync(Read);

    public static async ValueTask AddAsync(StoreSession session, ApprovalRecord approval) => await session.Sql($"""
        INSERT INTO approvals ({Columns})
        VALUES (@id, @method, @request, @sha256, @resource, @summary, @asker, @state, @created, @expires, @decider, @decided, @outcome)
        """).With("@id", approval.Id).With("@method", approval.Method).With("@request", approval.Request).With("@sha256", approval.Digest)
        .With("@resource", approval.Resource).With("@summary", approval.Summary).With("@asker", approval.Asker).With("@state", (long)approval.State)
        .With("@created", approval.CreatedAt).With("@expires", approval.ExpiresAt).With("@decider", approval.Decider)
        .With("@decided", approval.DecidedAt).With("@outcome", approval.Outcome).ExecuteAsync();

    /// <summary>The next state; false when it is no longer in the old one.</summary>
    public static async ValueTask<bool> ReplaceAsync(StoreSession session, ApprovalRecord old, ApprovalRecord next) => await session.Sql("""
        UPDATE approvals SET state = @state, decided_by = @decider, decided_at = @decided, outcome = @outcome WHERE id = @id AND state = @old
        """).With("@state", (long)next.State).With("@decider", next.Decider).With("@decided", next.DecidedAt).With("@outcome", next.Outcome)
        .With("@id", next.Id).With("@old", (long)old.State).ExecuteAsync() == 1;

    /// <summary>Deletes what was asked before; the audit keeps what became of it.</summary>
    public static ValueTask<int> SweepAsync(StoreSession session, DateTimeOffset before, int batch) => session.Sql("""
        DELETE FROM approvals WHERE id IN (SELECT id FROM approvals WHERE created_at < @before ORDER BY created_at LIMIT @limit)
        """).With("@before", before).With("@limit", batch).ExecuteAsync();

    private static ApprovalRecord Read(DbDataReader row) => new()
    {
        Id = row.GetString(0),
        Method = row.GetString(1),
        Request = row.Bytes(2),
        Digest = row.Bytes(3),
        Resource = row.GetString(4),
        Summary = row.GetString(5),
        Asker = row.GetString(6),
        State = (ApprovalState)row.GetInt64(7),
        CreatedAt = row.Time(8),
        ExpiresAt = row.Time(9),
        Decider = row.GetString(10),
        DecidedAt = row.OptionalTime(11),
        Outcome = row.GetString(12),
    };
}
