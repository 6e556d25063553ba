using System.Collections.Immutable;
using System.Data.Common;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>Rows of webhooks, and how they fare.</summary>
internal static class WebhookStore
{
    private const string Columns = """
        id, url, events, provisioners, timeout_ms, expiring_ms, disabled, comment, ca_pem, sealed_secret, previous_secret, previous_until,
        version, created_at, updated_at
        """;

    private const string Health = """
        (select count(*) from webhook_deliveries d where d.webhook_id = webhooks.id), delivered, given_up, dropped, delivered_at, failed_at, failure
        """;

    // People make webhooks by hand: all of them fit into memory.
    public static async ValueTask<ImmutableArray<WebhookRecord>> LoadAsync(StoreSession session) =>
        [.. await session.Sql($"select {Columns} from webhooks order by id limit 10000").ListAsync(Read)];

    public static ValueTask<WebhookRecord?> FindAsync(StoreSession session, string id) =>
        session.Sql($"select {Columns} from webhooks where id = @id").With("@id", id).FirstAsync(Read);

    public static ValueTask<WebhookView?> FindViewAsync(StoreSession session, string id) =>
        session.Sql($"select {Columns}, {Health} from webhooks where id = @id").With("@id", id).FirstAsync(ReadView);

    /// <summary>A page by id.</summary>
    public static ValueTask<List<WebhookView>> ListAsync(StoreSession session, string afterId, int limit) => session
        .Sql($"select {Columns}, {Health} from webhooks where id > @after_id order by id limit @limit")
        .With("@after_id", afterId).With("@limit", limit).ListAsync(ReadView);

    /// <summary>False when the id is taken.</summary>
    public static async ValueTask<bool> AddAsync(StoreSession session, WebhookRecord record) => await Fill(session.Sql($"""
        insert into webhooks ({Columns}, delivered, given_up, dropped, delivered_at, failed_at, failure)
        values (@id, @url, @events, @provisioners, @timeout_ms, @expiring_ms, @disabled, @comment, @ca_pem, @sealed_secret, @previous_secret,
                @previous_until, @version, @created_at, @updated_at, 0, 0, 0, null, null, '')
        on conflict (id) do nothing
        """), record).With("@created_at", record.CreatedAt).ExecuteAsync() == 1;

    /// <summary>Replaces the row that has the old version; false when somebody else changed it.</summary>
    public static async ValueTask<bool> ReplaceAsync(StoreSession session, WebhookRecord old, WebhookRecord next) => await Fill(session.Sql("""
        update webhooks set url = @url, events = @events, provisioners = @provisioners, timeout_ms = @timeout_ms, expiring_ms = @expiring_ms,
            disabled = @disabled, comment = @comment, ca_pem = @ca_pem, sealed_secret = @sealed_secret, previous_secret = @previous_secret,
            previous_until = @previous_until, version = @version, updated_at = @updated_at
        where id = @id and version = @old
        """), next).With("@old", old.Version).ExecuteAsync() == 1;

    /// <summary>Its deliveries go with it.</summary>
    public static async ValueTask<bool> DeleteAsync(StoreSession session, string id) =>
        await session.Sql("delete from webhooks where id = @id").With("@id", id).ExecuteAsync() == 1;

    /// <summary>Counts deliveries that arrived.</summary>
    public static ValueTask<int> CountDeliveredAsync(StoreSession session, string id, DateTimeOffset now) => session
        .Sql("update webhooks set delivered = delivered + 1, delivered_at = @now where id = @id").With("@now", now).With("@id", id).ExecuteAsync();

    /// <summary>Notes an answer after a failure.</summary>
    public static ValueTask<int> NoteAnswerAsync(StoreSession session, string id, DateTimeOffset now) => session
        .Sql("update webhooks set delivered_at = @now where id = @id and failed_at is not null and (delivered_at is null or delivered_at <= failed_at)")
        .With("@now", now).With("@id", id).ExecuteAsync();

    /// <summary>Notes a call that failed, and how many deliveries were given up by it.</summary>
    public static ValueTask<int> NoteFailureAsync(StoreSession session, string id, string failure, int givenUp, DateTimeOffset now) => session
        .Sql("update webhooks set given_up = given_up + @given_up, failed_at = @now, failure = @failure where id = @id")
        .With("@given_up", givenUp).With("@now", now).With("@failure", failure).With("@id", id).ExecuteAsync();

    /// <summary>Counts deliveries that made room.</summary>
    public static ValueTask<int> CountDroppedAsync(StoreSession session, string id, int dropped) => session
        .Sql("update webhooks set dropped = dropped + @dropped where id = @id").With("@dropped", dropped).With("@id", id).ExecuteAsync();

    private static StoreStatement Fill(StoreStatement statement, WebhookRecord record) => statement
        .With("@id", record.Id)
        .With("@url", record.Url)
        .With("@events", string.Join('\n', record.Events))
        .With("@provisioners", string.Join('\n', record.ProvisionerIds))
        .With("@timeout_ms", (long)record.Timeout.TotalMilliseconds)
        .With("@expiring_ms", (long)record.ExpiringWithin.TotalMilliseconds)
        .With("@disabled", record.Disabled)
        .With("@comment", record.Comment)
        .With("@ca_pem", record.CaPem)
        .With("@sealed_secret", record.SealedSecret)
        .With("@previous_secret", record.PreviousSecret)
        .With("@previous_until", record.PreviousUntil)
        .With("@version", record.Version)
        .With("@updated_at", record.UpdatedAt);

    private static WebhookRecord Read(DbDataReader row) => new()
    {
        Id = row.GetString(0),
        Url = row.GetString(1),
        Events = [.. Lines(row.GetString(2)).Select(Enum.Parse<WebhookEvent>)],
        ProvisionerIds = Lines(row.GetString(3)),
        Timeout = TimeSpan.FromMilliseconds(row.GetInt64(4)),
        ExpiringWithin = TimeSpan.FromMilliseconds(row.GetInt64(5)),
        Disabled = row.Truth(6),
        Comment = row.GetString(7),
        CaPem = row.GetString(8),
        SealedSecret = row.Bytes(9),
        PreviousSecret = row.OptionalBytes(10),
        PreviousUntil = row.OptionalTime(11),
        Version = row.GetInt64(12),
        CreatedAt = row.Time(13),
        UpdatedAt = row.Time(14),
    };

    private static WebhookView ReadView(DbDataReader row) => new(Read(row), new WebhookHealth(
        row.GetInt64(15), row.GetInt64(16), row.GetInt64(17), row.GetInt64(18), row.OptionalTime(19), row.OptionalTime(20), row.GetString(21)));

    private static ImmutableArray<string> Lines(string text) => text.Length == 0 ? [] : [.. text.Split('\n')];
}
