using System.Collections.Immutable;
using System.Text.Json;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.PastRequests;

/// <summary>What rows tell about requests of the past, in the order in which they came, page by page.</summary>
internal static class PastRequestStore
{
    /// <summary>The moment after which there are no more than so many accounts.</summary>
    public static ValueTask<long> AccountsBeforeAsync(StoreSession session, DateTimeOffset since, int most) => session
        .Sql("select created_at from accounts where created_at > @since order by created_at desc limit 1 offset @most")
        .With("@since", since)
        .With("@most", most)
        .NumberAsync();

    /// <summary>The same for certificates.</summary>
    public static ValueTask<long> CertificatesBeforeAsync(StoreSession session, DateTimeOffset since, int most) => session
        .Sql("select created_at from certificates where created_at > @since order by created_at desc limit 1 offset @most")
        .With("@since", since)
        .With("@most", most)
        .NumberAsync();

    /// <summary>The same for orders.</summary>
    public static ValueTask<long> OrdersBeforeAsync(StoreSession session, DateTimeOffset since, int most) => session
        .Sql("select created_at from orders where created_at > @since order by created_at desc limit 1 offset @most")
        .With("@since", since)
        .With("@most", most)
        .NumberAsync();

    public static ValueTask<List<PastAccount>> ListAccountsAsync(StoreSession session, DateTimeOffset since, string afterId, int limit) => session
        .Sql("""
            select id, provisioner_id, created_at from accounts
            where (created_at, id) > (@since, @after_id)
            order by created_at, id limit @limit
            """)
        .With("@since", since)
        .With("@after_id", afterId)
        .With("@limit", limit)
        .ListAsync(row => new PastAccount(row.GetString(0), row.GetString(1), row.Time(2)));

    public static ValueTask<List<Order>> ListOrdersAsync(StoreSession session, DateTimeOffset since, string afterId, int limit) => session
        .Sql("""
            select document from orders
            where (created_at, id) > (@since, @after_id)
            order by created_at, id limit @limit
            """)
        .With("@since", since)
        .With("@after_id", afterId)
        .With("@limit", limit)
        .ListAsync(row => JsonSerializer.Deserialize(row.GetString(0), OrderDocuments.Default.Order)!);

    /// <summary>Certificates whose orders are forgotten: an order lives for days, a limit may look back for a week.</summary>
    public static ValueTask<List<PastCertificate>> ListIssuedAsync(StoreSession session, DateTimeOffset since, string afterSerial, int limit) => session
        .Sql("""
            select serial, provisioner_id, account_id, identifiers, created_at from certificates
            where (created_at, serial) > (@since, @after_serial)
              and provisioner_id is not null and order_id is not null
              and not exists (select 1 from orders where orders.id = certificates.order_id)
            order by created_at, serial limit @limit
            """)
        .With("@since", since)
        .With("@after_serial", afterSerial)
        .With("@limit", limit)
        .ListAsync(row => new PastCertificate(
            row.GetString(0), row.GetString(1), row.OptionalText(2) ?? "", [.. row.GetString(3).Split(' ').Select(Identifier.ParseKind)], row.Time(4)));

    /// <summary>Authorizations with a challenge that failed, or that is being validated; those swept already are long over.</summary>
    public static ValueTask<List<Authorization>> ListAttemptedAsync(StoreSession session, DateTimeOffset expiringAfter, string afterId, int limit) => session
        .Sql("""
            select document from authorizations
            where (expires_at, id) > (@expiring_after, @after_id)
              and reusable_until = 0 and (pending = 0 or processing_by is not null)
            order by expires_at, id limit @limit
            """)
        .With("@expiring_after", expiringAfter)
        .With("@after_id", afterId)
        .With("@limit", limit)
        .ListAsync(row => JsonSerializer.Deserialize(row.GetString(0), AuthorizationDocuments.Default.Authorization)!);
}

/// <summary>An account that was made.</summary>
internal sealed record PastAccount(string Id, string ProvisionerId, DateTimeOffset CreatedAt);

/// <summary>A certificate that was issued.</summary>
internal sealed record PastCertificate(string Serial, string ProvisionerId, string AccountId, ImmutableArray<Identifier> Identifiers, DateTimeOffset CreatedAt);
