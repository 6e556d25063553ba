using System.Data.Common;
using System.Text.Json.Serialization;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Orders;

/// <summary>Rows of orders.</summary>
internal static class OrderStore
{
    private const string Columns = "document, evidence, planned_serial, certificate_serial, version, id";

    private static readonly ParsedDocuments<Order> Documents = new(OrderDocuments.Default.Order);

    public static ValueTask<Order?> FindAsync(StoreSession session, string id) => session.Recall<Order>(KeptRows.Orders, id) is { } kept
        ? new ValueTask<Order?>(kept)
        : session
            .Sql($"select {Columns} from orders where id = @id")
            .With("@id", id)
            .FirstAsync(Read);

    /// <summary>The order with its authorizations, as they are now.</summary>
    public static ValueTask<OrderView?> FindViewAsync(IStore store, string id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return FindView(store.Kept, id, now) is { } kept
            ? new ValueTask<OrderView?>(kept)
            : store.ReadAsync(session => FindViewAsync(session, id, now), cancellationToken);
    }

    /// <summary>The order with its authorizations, in the order of its names.</summary>
    public static async ValueTask<OrderView?> FindViewAsync(StoreSession session, string id, DateTimeOffset now)
    {
        var order = await FindAsync(session, id);
        return order is null ? null : await ViewAsync(session, order, now);
    }

    public static async ValueTask<OrderView> ViewAsync(StoreSession session, Order order, DateTimeOffset now)
    {
        var authorizations = new List<Authorization>(order.AuthorizationIds.Length);
        foreach (var authorizationId in order.AuthorizationIds)
            if (await AuthorizationStore.FindAsync(session, authorizationId) is { } authorization) authorizations.Add(authorization);
        return new OrderView(order, authorizations, now);
    }

    /// <summary>A page of an account's orders, newest first, before the given position.</summary>
    public static ValueTask<List<Order>> ListByAccountAsync(StoreSession session, string accountId, DateTimeOffset beforeTime, string beforeId, int limit) => session
        .Sql($"""
            select {Columns} from orders
            where account_id = @account_id and (created_at, id) < (@before_time, @before_id)
            order by created_at desc, id desc limit @limit
            """)
        .With("@account_id", accountId)
        .With("@before_time", beforeTime)
        .With("@before_id", beforeId)
        .With("@limit", limit)
        .ListAsync(Read);

    /// <summary>A page of all orders, newest first, before the given position.</summary>
    public static ValueTask<List<Order>> ListAsync(StoreSession session, DateTimeOffset beforeTime, string beforeId, int limit) => session
        .Sql($"""
            select {Columns} from orders
            where (created_at, id) < (@before_time, @before_id)
            order by created_at desc, id desc limit @limit
            """)
        .With("@before_time", beforeTime)
        .With("@before_id", beforeId)
        .With("@limit", limit)
        .ListAsync(Read);

    public static async ValueTask InsertAsync(StoreSession session, Order order)
    {
        var document = Write(order);
        await session
            .Sql("""
                insert into orders (id, account_id, provisioner_id, document, evidence, planned_serial, certificate_serial, created_at, expires_at, version)
                values (@id, @account_id, @provisioner_id, @document, @evidence, null, null, @created_at, @expires_at, 1)
                """)
            .With("@id", order.Id)
            .With("@account_id", order.AccountId)
            .With("@provisioner_id", order.ProvisionerId)
            .With("@document", document)
            .With("@evidence", order.Evidence)
            .With("@created_at", order.CreatedAt)
            .With("@expires_at", order.ExpiresAt)
            .Leaving(KeptRows.Orders, order.Id, order with { PlannedSerial = null, CertificateSerial = null, Version = 1 }, document.Length + order.Evidence.Length)
            .ExecuteAsync();
    }

    /// <summary>Replaces an order by its next value; false when it changed meanwhile: only one caller can win.</summary>
    public static async ValueTask<bool> ReplaceAsync(StoreSession session, Order old, Order next)
    {
        var document = Write(next);
        return await session
            .Sql("""
                update orders set document = @document, evidence = @evidence, planned_serial = @planned_serial,
                    certificate_serial = @certificate_serial, version = version + 1
                where id = @id and version = @version
                """)
            .With("@document", document)
            .With("@evidence", next.Evidence)
            .With("@planned_serial", next.PlannedSerial)
            .With("@certificate_serial", next.CertificateSerial)
            .With("@id", old.Id)
            .With("@version", old.Version)
            .Leaving(KeptRows.Orders, old.Id, next with { Version = old.Version + 1 }, document.Length + next.Evidence.Length)
            .ExecuteAsync() == 1;
    }

    /// <summary>Makes an order ready again whose plan was never carried out.</summary>
    /// <param name="session">A session.</param>
    /// <param name="order">What the plan was for; the name of an order, or of something else.</param>
    /// <param name="serial">The plan.</param>
    public static async ValueTask ReleasePlanAsync(StoreSession session, string order, string serial)
    {
        if (!Protocol.ResourceName.TryParse(order, Protocol.ResourceName.Orders, out var id)) return;
        await session.Sql("update orders set planned_serial = null, version = version + 1 where id = @id and planned_serial = @serial and certificate_serial is null")
            .With("@id", id)
            .With("@serial", serial)
            .ExecuteAsync();
    }

    /// <summary>Removes what expired; a batch. Certificates stay.</summary>
    public static ValueTask<int> SweepAsync(StoreSession session, DateTimeOffset before, int batch) => session
        .Sql("""
            delete from orders where id in
            (select id from orders where expires_at < @before order by expires_at limit @batch)
            """)
        .With("@before", before)
        .With("@batch", batch)
        .ExecuteAsync();

    /// <summary>The same from memory, all of one moment; null when it has to be read.</summary>
    internal static OrderView? FindView(KeptRows? rows, string id, DateTimeOffset now)
    {
        if (rows is null) return null;
        var moment = rows.Moment;
        if (rows.Find<Order>(KeptRows.Orders, id) is not { } order) return null;
        var authorizations = new Authorization[order.AuthorizationIds.Length];
        for (var i = 0; i < authorizations.Length; i++)
        {
            if (rows.Find<Authorization>(KeptRows.Authorizations, order.AuthorizationIds[i]) is not { } authorization) return null;
            authorizations[i] = authorization;
        }
        return rows.IsStill(moment) ? new OrderView(order, authorizations, now) : null;
    }

    // What has a column of its own is not kept with the document: the signed request is the larger part of an order.
    private static string Write(Order order) => Documents.Write(order.Id, order with { Evidence = [] });

    private static Order Read(DbDataReader row) =>
        Documents.Read(row.GetString(5), row.GetString(0)) with
        {
            Evidence = row.Bytes(1),
            PlannedSerial = row.OptionalText(2),
            CertificateSerial = row.OptionalText(3),
            Version = row.GetInt64(4),
        };
}

[JsonSourceGenerationOptions(Converters = [typeof(IdentifierJsonConverter)], DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Order))]
internal sealed partial class OrderDocuments : JsonSerializerContext;
