using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>A certificate that ended a while ago.</summary>
/// <param name="Record">What is known of it.</param>
/// <param name="Evidence">Who asked.</param>
/// <param name="IsNeeded">A revocation list that was due has not had it since its end, or a line with a blocked key hangs on it.</param>
internal sealed record EndedCertificate(CertificateRecord Record, CertificateEvidence Evidence, bool IsNeeded);

/// <summary>What has left the store.</summary>
/// <param name="EndedUntil">The latest end among them; null while none has left.</param>
/// <param name="Archived">How many went into an archive.</param>
/// <param name="Deleted">How many went for good.</param>
internal sealed record Departures(DateTimeOffset? EndedUntil, long Archived, long Deleted);

/// <summary>Certificates that ended a while ago, and the note of those that left the store.</summary>
internal static class EndedStore
{
    /// <summary>A page of certificates that ended before a time, by their end, after a place.</summary>
    public static async ValueTask<List<EndedCertificate>> ListAsync(StoreSession session, DateTimeOffset before, CertificatePosition after, int limit)
    {
        // RFC 5280 §3.3: on one list that was due by time after its end.
        var page = await session.Sql($"""
            select {CertificateStore.Columns}, new_order_evidence, finalize_evidence,
                case when revoked_at is null or exists (
                    select 1 from crl_state where crl_state.issuer = certificates.issuer and crl_state.scheduled_at > certificates.not_after) then 0 else 1 end
            from certificates
            where not_after < @before and (not_after, serial) > (@time, @serial)
            order by not_after, serial limit @limit
            """)
            .With("@before", before).With("@time", after.Time).With("@serial", after.Serial).With("@limit", limit)
            .ListAsync(row => new EndedCertificate(CertificateStore.Read(row), CertificateStore.ReadEvidence(row, 20), row.Truth(22)));
        for (var i = 0; i < page.Count; i++)
            if (await IsHeldByLineAsync(session, page[i].Record)) page[i] = page[i] with { IsNeeded = true };
        return page;
    }

    /// <summary>Removes those that are still as they were read, and notes that they left; returns how many.</summary>
    public static async ValueTask<int> RemoveAsync(StoreSession session, IReadOnlyCollection<EndedCertificate> ended, bool archived)
    {
        var removed = 0;
        DateTimeOffset? until = null;
        foreach (var (record, _, _) in ended)
        {
            var rows = await session.Sql("""
                delete from certificates
                where serial = @serial and coalesce(revoked_at, 0) = @revoked and coalesce(revocation_reason, -1) = @reason and coalesce(invalid_since, 0) = @since
                """)
                .With("@serial", record.Serial.Hex).With("@revoked", record.RevokedAt ?? DateTimeOffset.UnixEpoch)
                .With("@reason", record.RevocationReason is { } reason ? (long)reason : -1).With("@since", record.InvalidSince ?? DateTimeOffset.UnixEpoch)
                .ExecuteAsync();
            if (rows == 1 && !(until > record.NotAfter)) until = record.NotAfter;
            removed += rows;
        }
        if (removed > 0)
            await session.Sql("""
                update certificate_departures set archived = archived + @archived, deleted = deleted + @deleted,
                    ended_until = case when ended_until > @until then ended_until else @until end
                where id = 1
                """)
                .With("@archived", archived ? removed : 0).With("@deleted", archived ? 0 : removed).With("@until", until).ExecuteAsync();
        return removed;
    }

    public static async ValueTask<Departures> DeparturesAsync(StoreSession session) => await session
        .Sql("select ended_until, archived, deleted from certificate_departures where id = 1")
        .FirstAsync(row => new Departures(row.OptionalTime(0), row.GetInt64(1), row.GetInt64(2)))
        ?? throw new InvalidOperationException("certificate_departures has lost its row");

    // A reported key ends its whole line: who comes from it by renewals finds it through everyone in between. So nobody in between
    // goes before the one it renewed, whose key may be reported yet.
    private static async ValueTask<bool> IsHeldByLineAsync(StoreSession session, CertificateRecord certificate) =>
        await session.Sql("select count(*) from certificates where renews = @serial").With("@serial", certificate.Serial.Hex).NumberAsync() > 0
        && (await session.Sql("select count(*) from certificates child join certificates on certificates.serial = child.renews where child.serial = @serial")
                .With("@serial", certificate.Serial.Hex).NumberAsync() > 0
            || await CertificateStore.HasBlockedAncestorAsync(session, certificate.Serial));
}
