using System.Data.Common;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>Rows of crl_state, crls and crl_bytes.</summary>
internal static class CrlStore
{
    // A list that a cache or a client still asks about; the newest is the one that counts.
    private const int Kept = 5;

    public const string Planned = "planned", Signed = "signed", Imported = "imported", NeverSigned = "never_signed";

    private const string StateColumns = "issuer, changes, covered, last_number, published_number, scheduled_at, refresh_at";

    /// <summary>Where each issuer stands; there are a handful.</summary>
    public static ValueTask<List<CrlState>> ListStatesAsync(StoreSession session) =>
        session.Sql($"select {StateColumns} from crl_state order by issuer").ListAsync(ReadState);

    /// <summary>
    /// Takes the next number, for ever, and gives up plans that were left behind: this replica's own of an earlier life, and
    /// stale ones. Numbers are at least the time in seconds: an older copy of the store that is brought back does not
    /// begin again with numbers that were seen.
    /// </summary>
    public static async ValueTask<CrlState> ReserveAsync(StoreSession session, string issuer, string replica, DateTimeOffset staleBefore, DateTimeOffset now)
    {
        await session.Sql("""
            insert into crl_state (issuer, changes, covered, last_number, published_number, scheduled_at, refresh_at)
            values (@issuer, 0, 0, @floor, 0, 0, 0)
            on conflict (issuer) do update set last_number = case when crl_state.last_number >= @floor then crl_state.last_number + 1 else @floor end
            """).With("@issuer", issuer).With("@floor", now.ToUnixTimeSeconds()).ExecuteAsync();
        var left = await session
            .Sql("select number from crls where issuer = @issuer and outcome = 'planned' and (replica_id = @replica or created_at < @stale) order by number limit 100")
            .With("@issuer", issuer).With("@replica", replica).With("@stale", staleBefore).ListAsync(row => row.GetInt64(0));
        foreach (var number in left) await AbandonAsync(session, issuer, number, now);
        return await session.Sql($"select {StateColumns} from crl_state where issuer = @issuer").With("@issuer", issuer).FirstAsync(ReadState)
            ?? throw new InvalidOperationException($"crl_state has lost the row of {issuer}");
    }

    /// <summary>Records a list with its exact bytes.</summary>
    public static async ValueTask AddAsync(StoreSession session, CrlRow row, byte[] tbs)
    {
        await session.Sql("""
            insert into crls (issuer, number, this_update, next_update, entries, outcome, replica_id, created_at, closed_at, tbs_sha256, signature)
            values (@issuer, @number, @this_update, @next_update, @entries, @outcome, @replica, @created, @closed, @hash, @signature)
            """)
            .With("@issuer", row.Issuer).With("@number", row.Number).With("@this_update", row.ThisUpdate).With("@next_update", row.NextUpdate)
            .With("@entries", row.Entries).With("@outcome", row.Outcome).With("@replica", row.ReplicaId).With("@created", row.CreatedAt)
            .With("@closed", row.ClosedAt).With("@hash", row.TbsSha256).With("@signature", row.Signature)
            .ExecuteAsync();
        await session.Sql("insert into crl_bytes (issuer, number, tbs) values (@issuer, @number, @tbs)")
            .With("@issuer", row.Issuer).With("@number", row.Number).With("@tbs", tbs).ExecuteAsync();
    }

    /// <summary>Closes an open plan with its signature; false when it is not open any more.</summary>
    public static async ValueTask<bool> SignAsync(StoreSession session, string issuer, long number, byte[] signature, DateTimeOffset now) => await session
        .Sql("update crls set outcome = 'signed', closed_at = @now, signature = @signature where issuer = @issuer and number = @number and outcome = 'planned'")
        .With("@issuer", issuer).With("@number", number).With("@signature", signature).With("@now", now)
        .ExecuteAsync() == 1;

    /// <summary>Closes an open plan as never signed and drops its bytes; false when it is not open.</summary>
    public static async ValueTask<bool> AbandonAsync(StoreSession session, string issuer, long number, DateTimeOffset now)
    {
        var closed = await session
            .Sql("update crls set outcome = 'never_signed', closed_at = @now where issuer = @issuer and number = @number and outcome = 'planned'")
            .With("@issuer", issuer).With("@number", number).With("@now", now).ExecuteAsync() == 1;
        if (closed)
            await session.Sql("delete from crl_bytes where issuer = @issuer and number = @number").With("@issuer", issuer).With("@number", number).ExecuteAsync();
        return closed;
    }

    /// <summary>
    /// Makes a recorded list the published one, unless a higher number was faster, and lets the oldest go. What it covers
    /// is what had changed when its number was taken.
    /// </summary>
    public static async ValueTask PublishAsync(StoreSession session, string issuer, long number, long covered, DateTimeOffset scheduledAt, DateTimeOffset refreshAt)
    {
        var rows = await session.Sql("""
            update crl_state set
              covered = case when covered > @covered then covered else @covered end,
              scheduled_at = case when published_number > @number then scheduled_at else @scheduled end,
              refresh_at = case when published_number > @number then refresh_at else @refresh end,
              published_number = case when published_number > @number then published_number else @number end
            where issuer = @issuer
            """)
            .With("@issuer", issuer).With("@number", number).With("@covered", covered).With("@scheduled", scheduledAt).With("@refresh", refreshAt)
            .ExecuteAsync();
        if (rows != 1) throw new InvalidOperationException($"crl_state has lost the row of {issuer}");
        var oldest = await session
            .Sql("select number from crls where issuer = @issuer and outcome in ('signed', 'imported') order by number desc limit 1 offset @kept")
            .With("@issuer", issuer).With("@kept", Kept - 1).NumberAsync();
        // A plan that is open is somebody's who is at work on it.
        await session.Sql("""
            delete from crl_bytes where issuer = @issuer and number < @oldest
              and number in (select number from crls where issuer = @issuer and outcome <> 'planned')
            """).With("@issuer", issuer).With("@oldest", oldest).ExecuteAsync();
        await session.Sql("delete from crls where issuer = @issuer and number < @oldest and outcome <> 'planned'")
            .With("@issuer", issuer).With("@oldest", oldest).ExecuteAsync();
    }

    /// <summary>Makes room for a list that was signed elsewhere: its number becomes the last one.</summary>
    public static async ValueTask TakeNumberAsync(StoreSession session, string issuer, long number) => await session.Sql("""
        insert into crl_state (issuer, changes, covered, last_number, published_number, scheduled_at, refresh_at)
        values (@issuer, 0, 0, @number, 0, 0, 0)
        on conflict (issuer) do update set last_number = @number
        """).With("@issuer", issuer).With("@number", number).ExecuteAsync();

    public static ValueTask<CrlState?> FindStateAsync(StoreSession session, string issuer) =>
        session.Sql($"select {StateColumns} from crl_state where issuer = @issuer").With("@issuer", issuer).FirstAsync(ReadState);

    /// <summary>A list that has its signature.</summary>
    public static ValueTask<StoredCrl?> FindAsync(StoreSession session, string issuer, long number) => session.Sql("""
        select crls.this_update, crls.next_update, crls.entries, crls.outcome, crls.signature, crl_bytes.tbs
        from crls join crl_bytes on crl_bytes.issuer = crls.issuer and crl_bytes.number = crls.number
        where crls.issuer = @issuer and crls.number = @number and crls.signature is not null
        """)
        .With("@issuer", issuer).With("@number", number)
        .FirstAsync(row => new StoredCrl(row.Time(0), row.Time(1), (int)row.GetInt64(2), row.GetString(3) == Imported, SignedCrl.Assemble(row.Bytes(5), row.Bytes(4))));

    private static CrlState ReadState(DbDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.Time(5), row.Time(6));
}

/// <summary>Where an issuer's lists stand.</summary>
/// <param name="Issuer">The resource.</param>
/// <param name="Changes">Counts what changed: revocations, and reasons that became others.</param>
/// <param name="Covered">The count that the newest list covers.</param>
/// <param name="LastNumber">The last number that was taken.</param>
/// <param name="PublishedNumber">The number of the newest list; 0 before the first.</param>
/// <param name="ScheduledAt">thisUpdate of the last list that was due by time; the epoch before the first.</param>
/// <param name="RefreshAt">When the next is due by time.</param>
internal sealed record CrlState(
    string Issuer, long Changes, long Covered, long LastNumber, long PublishedNumber, DateTimeOffset ScheduledAt, DateTimeOffset RefreshAt);

/// <summary>A row of crls.</summary>
internal sealed record CrlRow(
    string Issuer, long Number, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, int Entries, string Outcome, string ReplicaId,
    DateTimeOffset CreatedAt, DateTimeOffset? ClosedAt, byte[] TbsSha256, byte[]? Signature);

/// <summary>A signed list as the store has it.</summary>
internal sealed record StoredCrl(DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, int Entries, bool IsImported, byte[] Der);
