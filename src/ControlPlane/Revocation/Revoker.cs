using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Revocation;

/// <summary>
/// Revokes certificates: the row, the blocked key and the audit event in one transaction. Who may revoke is decided
/// before, by the room that asks.
/// </summary>
internal sealed class Revoker(IStore store, TimeProvider time)
{
    /// <param name="serial">Which certificate.</param>
    /// <param name="reason">RFC 5280 §5.3.1. keyCompromise blocks the key when <paramref name="blockKey"/> says so.</param>
    /// <param name="blockKey">True when the reason is proven (signed by the key) or an operator says it.</param>
    /// <param name="actor">Who, for the audit.</param>
    /// <param name="cancellationToken">Gives up before the write is queued.</param>
    /// <param name="alongside">Written in the same transaction; may run more than once.</param>
    /// <exception cref="RefusalException">NotFound, AlreadyRevoked, FailedPrecondition (expired).</exception>
    public Task<CertificateRecord> RevokeAsync(
        SerialNumber serial, RevocationReason reason, bool blockKey, string actor, CancellationToken cancellationToken,
        Func<StoreSession, CertificateRecord, ValueTask>? alongside = null) =>
        store.ActAsync(async session =>
        {
            var now = time.GetUtcNow();
            var certificate = await CheckAsync(session, serial, now);
            var revoked = certificate with { RevokedAt = now, RevocationReason = reason };
            if (await CertificateStore.RevokeAsync(session, serial, reason, now) != 1) throw AlreadyRevoked(certificate);
            var blocks = blockKey && reason == RevocationReason.KeyCompromise;
            if (blocks) await CertificateStore.BlockKeyAsync(session, certificate.KeySha256, serial, now);
            if (alongside is not null) await alongside(session, revoked);
            return new Acted<CertificateRecord>(revoked, new AuditEvent(now, "certificate.revoke", actor, certificate.Name,
            [
                new("reason", reason.ToString()),
                new("keyBlocked", blocks ? "true" : "false"),
                new("identifiers", string.Join(' ', certificate.Identifiers)),
            ]));
        }, cancellationToken);

    /// <summary>What a revocation would be refused for, without doing it.</summary>
    public async ValueTask<CertificateRecord> CheckAsync(SerialNumber serial, CancellationToken cancellationToken) =>
        await store.ReadAsync(session => CheckAsync(session, serial, time.GetUtcNow()), cancellationToken);

    private static async ValueTask<CertificateRecord> CheckAsync(StoreSession session, SerialNumber serial, DateTimeOffset now)
    {
        var certificate = await CertificateStore.FindAsync(session, serial)
            ?? throw new RefusalException(RefusalReason.NotFound, $"no certificate with serial {serial.Hex} was issued here");
        if (certificate.RevokedAt is not null) throw AlreadyRevoked(certificate);
        if (certificate.NotAfter < now)
            throw new RefusalException(RefusalReason.FailedPrecondition, $"certificate {serial.Hex} expired at {certificate.NotAfter:yyyy-MM-ddTHH:mm:ssZ}; there is nothing left to revoke");
        return certificate;
    }

    private static RefusalException AlreadyRevoked(CertificateRecord certificate) =>
        new(RefusalReason.AlreadyRevoked, $"certificate {certificate.Serial.Hex} was revoked at {certificate.RevokedAt:yyyy-MM-ddTHH:mm:ssZ}");
}
