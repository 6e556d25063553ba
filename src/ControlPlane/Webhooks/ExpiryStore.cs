using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>A place in the order of ends.</summary>
internal readonly record struct ExpiryPlace(DateTimeOffset NotAfter, string Serial);

/// <summary>A certificate that ends before long.</summary>
/// <param name="Place">Its place.</param>
/// <param name="NotBefore">When it began.</param>
/// <param name="ProvisionerId">Whose it is.</param>
/// <param name="IsOver">It was revoked, or another one replaces it by name (RFC 9773 §5).</param>
/// <param name="IsTold">The webhook was told.</param>
internal sealed record ExpiringRow(ExpiryPlace Place, DateTimeOffset NotBefore, string? ProvisionerId, bool IsOver, bool IsTold);

/// <summary>Certificates by their end, and whose end was told.</summary>
internal static class ExpiryStore
{
    /// <summary>A page of all certificates by their end, after a place.</summary>
    public static ValueTask<List<ExpiringRow>> ListAsync(StoreSession session, string webhookId, ExpiryPlace after, DateTimeOffset until, int limit) => session
        .Sql("""
            select c.serial, c.not_before, c.not_after, c.provisioner_id,
                case when c.revoked_at is null and c.replaced_by is null then 0 else 1 end,
                case when e.serial is null then 0 else 1 end
            from (
                select serial, not_before, not_after, provisioner_id, revoked_at, replaced_by from certificates
                where (not_after, serial) > (@after, @serial) and not_after <= @until
                order by not_after, serial limit @limit) c
            left join webhook_expiries e on e.webhook_id = @webhook_id and e.serial = c.serial
            order by c.not_after, c.serial limit @limit
            """)
        .With("@after", after.NotAfter).With("@serial", after.Serial).With("@until", until).With("@webhook_id", webhookId).With("@limit", limit)
        .ListAsync(row => new ExpiringRow(
            new ExpiryPlace(row.Time(2), row.GetString(0)), row.Time(1), row.OptionalText(3), row.Truth(4), row.Truth(5)));

    /// <summary>Whether a later certificate of the same provisioner has the same names and is not revoked.</summary>
    public static async ValueTask<bool> HasSuccessorAsync(StoreSession session, CertificateRecord certificate) => await session
        .Sql("""
            select count(*) from certificate_names n join certificates c on c.serial = n.serial
            where n.identifier = @identifier and c.identifiers = @identifiers and c.not_after > @not_after and c.revoked_at is null
                and c.provisioner_id = @provisioner_id
            """)
        .With("@identifier", certificate.Identifiers[0].ToString())
        .With("@identifiers", string.Join(' ', certificate.Identifiers))
        .With("@not_after", certificate.NotAfter)
        .With("@provisioner_id", certificate.ProvisionerId)
        .NumberAsync() > 0;

    /// <summary>Notes that a webhook was told; false when it had been.</summary>
    public static async ValueTask<bool> NoteAsync(StoreSession session, string webhookId, ExpiryPlace place) => await session
        .Sql("""
            insert into webhook_expiries (webhook_id, serial, not_after)
            select id, @serial, @not_after from webhooks where id = @webhook_id
            on conflict (webhook_id, serial) do nothing
            """)
        .With("@serial", place.Serial).With("@not_after", place.NotAfter).With("@webhook_id", webhookId).ExecuteAsync() == 1;

    /// <summary>Forgets those that have ended.</summary>
    public static ValueTask<int> SweepAsync(StoreSession session, DateTimeOffset now, int limit) => session
        .Sql("""
            delete from webhook_expiries where (webhook_id, serial) in (
                select webhook_id, serial from webhook_expiries where not_after <= @now order by not_after limit @limit)
            """)
        .With("@now", now).With("@limit", limit).ExecuteAsync();
}
