using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Renewals;

/// <summary>A window that was pulled forward.</summary>
internal sealed record Advance(DateTimeOffset At, string ExplanationUrl);

/// <summary>Rows about renewals: windows pulled forward, and which order replaces which certificate (RFC 9773 §5).</summary>
internal static class RenewalStore
{
    /// <summary>The latest advance that concerns the certificate.</summary>
    public static ValueTask<Advance?> FindAdvanceAsync(StoreSession session, CertificateRecord certificate, string authority) => session
        .Sql("""
            select advanced_at, explanation_url from renewal_advances
            where target in ('-', @authority, @certificate) order by advanced_at desc limit 1
            """)
        .With("@authority", authority)
        .With("@certificate", certificate.Name)
        .FirstAsync(row => new Advance(row.Time(0), row.GetString(1)));

    public static async ValueTask PutAdvanceAsync(StoreSession session, string target, string explanationUrl, DateTimeOffset now) => await session
        .Sql("""
            insert into renewal_advances (target, explanation_url, advanced_at) values (@target, @explanation_url, @now)
            on conflict (target) do update set explanation_url = excluded.explanation_url, advanced_at = excluded.advanced_at
            """)
        .With("@target", target)
        .With("@explanation_url", explanationUrl)
        .With("@now", now)
        .ExecuteAsync();

    /// <summary>Forgets windows of single certificates that have ended; those of authorities and of all are few and stay.</summary>
    public static ValueTask<int> SweepAdvancesAsync(StoreSession session, DateTimeOffset now, int batch) => session
        .Sql("""
            delete from renewal_advances where target in (
                select target from renewal_advances
                where target like 'certificates/%'
                  and not exists (select 1 from certificates where serial = substr(target, 14) and not_after >= @now) limit @batch)
            """)
        .With("@now", now)
        .With("@batch", batch)
        .ExecuteAsync();

    /// <summary>How many valid certificates a target stands for.</summary>
    public static async ValueTask<long> CountAsync(StoreSession session, string target, IReadOnlyList<string> issuers, DateTimeOffset now)
    {
        const string valid = "select count(*) from certificates where not_after >= @now and revoked_at is null";
        if (target == RenewalWindows.Everything) return await session.Sql(valid).With("@now", now).NumberAsync();
        if (issuers.Count == 0)
            return await session.Sql(valid + " and serial = @serial").With("@now", now).With("@serial", target[(target.IndexOf('/', StringComparison.Ordinal) + 1)..]).NumberAsync();
        long count = 0;
        foreach (var issuer in issuers)
            count += await session.Sql(valid + " and issuer = @issuer").With("@now", now).With("@issuer", issuer).NumberAsync();
        return count;
    }

    /// <summary>The order that replaces the certificate; null when none does.</summary>
    public static async ValueTask<string?> FindReplacementAsync(StoreSession session, string serial) => (await session
        .Sql("select replaced_by from certificates where serial = @serial and replaced_by is not null")
        .With("@serial", serial)
        .FirstAsync(row => row.GetString(0)));

    public static ValueTask<int> PutReplacementAsync(StoreSession session, string serial, string orderId) => session
        .Sql("update certificates set replaced_by = @order where serial = @serial")
        .With("@order", orderId)
        .With("@serial", serial)
        .ExecuteAsync();
}
