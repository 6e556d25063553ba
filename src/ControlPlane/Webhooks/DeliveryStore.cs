using System.Data.Common;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>A message that waits to be delivered.</summary>
internal sealed record WebhookDelivery(WebhookMessage Message, DateTimeOffset CreatedAt, DateTimeOffset DueAt, long Attempts, string Failure);

/// <summary>Rows of messages that wait.</summary>
internal static class DeliveryStore
{
    private const string Columns = "id, type, body, created_at, due_at, attempts, failure";

    /// <summary>Queues a message, once; for a webhook that is gone by now, never.</summary>
    public static ValueTask<int> AddAsync(StoreSession session, string webhookId, WebhookMessage message, DateTimeOffset now) => session
        .Sql("""
            insert into webhook_deliveries (id, webhook_id, type, body, created_at, due_at, attempts, failure)
            select @id, id, @type, @body, @now, @now, 0, '' from webhooks where id = @webhook_id
            on conflict (id) do nothing
            """)
        .With("@id", message.Id)
        .With("@type", message.Type)
        .With("@body", message.Body)
        .With("@now", now)
        .With("@webhook_id", webhookId)
        .ExecuteAsync();

    /// <summary>What is due, the longest waiting first.</summary>
    public static ValueTask<List<WebhookDelivery>> ListDueAsync(StoreSession session, string webhookId, DateTimeOffset now, int limit) => session
        .Sql($"select {Columns} from webhook_deliveries where webhook_id = @webhook_id and due_at <= @now order by due_at, id limit @limit")
        .With("@webhook_id", webhookId).With("@now", now).With("@limit", limit).ListAsync(Read);

    /// <summary>What waits, the oldest first.</summary>
    public static ValueTask<List<WebhookDelivery>> ListAsync(StoreSession session, string webhookId, DateTimeOffset after, string afterId, int limit) => session
        .Sql($"""
            select {Columns} from webhook_deliveries
            where webhook_id = @webhook_id and (created_at, id) > (@after, @after_id)
            order by created_at, id limit @limit
            """)
        .With("@webhook_id", webhookId).With("@after", after).With("@after_id", afterId).With("@limit", limit).ListAsync(Read);

    /// <summary>Takes one attempt; false when another process took it. Until the given time nobody else does.</summary>
    public static async ValueTask<bool> ClaimAsync(StoreSession session, WebhookDelivery delivery, DateTimeOffset until) => await session
        .Sql("update webhook_deliveries set attempts = attempts + 1, due_at = @until where id = @id and attempts = @attempts")
        .With("@until", until).With("@id", delivery.Message.Id).With("@attempts", delivery.Attempts).ExecuteAsync() == 1;

    /// <summary>Puts it off after an attempt that failed.</summary>
    public static ValueTask<int> PutOffAsync(StoreSession session, string id, DateTimeOffset until, string failure) => session
        .Sql("update webhook_deliveries set due_at = @until, failure = @failure where id = @id")
        .With("@until", until).With("@failure", failure).With("@id", id).ExecuteAsync();

    public static async ValueTask<bool> RemoveAsync(StoreSession session, string id) =>
        await session.Sql("delete from webhook_deliveries where id = @id").With("@id", id).ExecuteAsync() == 1;

    /// <summary>Drops the oldest above the limit, a batch; returns how many.</summary>
    public static async ValueTask<int> TrimAsync(StoreSession session, string webhookId, int limit, int batch)
    {
        var above = await CountAsync(session, webhookId) - limit;
        return above <= 0 ? 0 : await session
            .Sql("""
                delete from webhook_deliveries where id in (
                    select id from webhook_deliveries where webhook_id = @webhook_id order by created_at, id limit @above)
                """)
            .With("@webhook_id", webhookId).With("@above", Math.Min(above, batch)).ExecuteAsync();
    }

    public static ValueTask<long> CountAsync(StoreSession session, string webhookId) =>
        session.Sql("select count(*) from webhook_deliveries where webhook_id = @webhook_id").With("@webhook_id", webhookId).NumberAsync();

    private static WebhookDelivery Read(DbDataReader row) => new(
        new WebhookMessage(row.GetString(0), row.GetString(1), row.Bytes(2)), row.Time(3), row.Time(4), row.GetInt64(5), row.GetString(6));
}
