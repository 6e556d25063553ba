using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;

namespace GrpcCa.ControlPlane.Revocation;

/// <summary>What a revocation came to.</summary>
/// <param name="Certificate">As it is now.</param>
/// <param name="WasRevoked">It was revoked before; now its key is blocked as well.</param>
internal sealed record Revoked(CertificateRecord Certificate, bool WasRevoked);

/// <summary>Revokes all ACME accounts of a blocked key, by the SHA-256 of its SubjectPublicKeyInfo; returns how many.</summary>
internal delegate ValueTask<int> RevokeAccountsByKey(StoreSession session, byte[] keySha256);

/// <summary>
/// Revokes certificates: the row, the blocked key, the accounts of that key and the audit event in one transaction. Who
/// may revoke is decided before, by the room that asks.
/// </summary>
internal sealed class Revoker(IStore store, RevokeAccountsByKey revokeAccounts, WebhookNotices notices, FailPoints failPoints, TimeProvider time)
{
    /// <summary>
    /// Revokes. A key that turns out to be compromised is blocked also when its certificate was revoked for another
    /// reason, which becomes keyCompromise, or has expired; the time of the first revocation stays.
    /// </summary>
    /// <param name="serial">Which certificate.</param>
    /// <param name="reason">RFC 5280 §5.3.1. keyCompromise blocks the key when <paramref name="blockKey"/> says so.</param>
    /// <param name="blockKey">True when the reason is proven (signed by the key) or an operator says it.</param>
    /// <param name="actor">Who, for the audit.</param>
    /// <param name="cancellationToken">Gives up before the write is queued.</param>
    /// <param name="alongside">Written in the same transaction; may run more than once.</param>
    /// <param name="invalidSince">Since when it cannot be trusted, where that is known; for the revocation list.</param>
    /// <exception cref="RefusalException">NotFound, AlreadyRevoked, FailedPrecondition (expired): there is nothing to do.</exception>
    public async Task<Revoked> RevokeAsync(
        SerialNumber serial, RevocationReason reason, bool blockKey, string actor, CancellationToken cancellationToken,
        Func<StoreSession, CertificateRecord, ValueTask>? alongside = null, DateTimeOffset? invalidSince = null)
    {
        var notice = await NoticeAsync(cancellationToken);
        var done = await store.ActAsync(async session =>
        {
            CheckInvalidSince(invalidSince, time.GetUtcNow());
            var (revoked, act) = await RevokeAsync(session, serial, reason, blockKey, actor, invalidSince, notice);
            if (alongside is not null) await alongside(session, revoked.Certificate);
            return new Acted<Revoked>(revoked, act);
        }, cancellationToken, Urgency.Urgent);
        failPoints.Reach(RevocationSteps.Recorded);
        return done;
    }

    /// <summary>Who is to be told of revocations, asked before a transaction.</summary>
    public ValueTask<WebhookNotice> NoticeAsync(CancellationToken cancellationToken) => notices.ForAsync(WebhookEvent.Revoked, cancellationToken);

    /// <summary>The same within a transaction that also writes the event.</summary>
    public async ValueTask<(Revoked Revoked, AuditEvent Act)> RevokeAsync(
        StoreSession session, SerialNumber serial, RevocationReason reason, bool blockKey, string actor, DateTimeOffset? invalidSince, WebhookNotice notice)
    {
        var now = time.GetUtcNow();
        var old = await CheckAsync(session, serial, reason, blockKey, now);
        var blocks = blockKey && reason == RevocationReason.KeyCompromise;
        var next = await WriteAsync(session, old, reason, invalidSince, now);
        var accounts = 0;
        if (blocks)
        {
            await CertificateStore.BlockKeyAsync(session, old.KeySha256, serial, now);
            accounts = await revokeAccounts(session, old.KeySha256);
        }
        if (IsLive(old, now)) await notice.WriteAsync(session, next);
        failPoints.Reach(RevocationSteps.Written);
        return (new Revoked(next, old.RevokedAt is not null), new AuditEvent(now, IsLive(old, now) ? "certificate.revoke" : "certificate.blockKey", actor, old.Name,
        [
            new("reason", reason.ToString()),
            new("reasonBefore", old.RevocationReason?.ToString() ?? ""),
            new("keyBlocked", blocks ? "true" : "false"),
            new("accountsRevoked", $"{accounts}"),
            new("identifiers", string.Join(' ', old.Identifiers)),
            new("invalidSince", invalidSince?.ToString("yyyy-MM-ddTHH:mm:ssZ") ?? ""),
        ]));
    }

    /// <summary>What a revocation would be refused for, without doing it.</summary>
    public async ValueTask<CertificateRecord> CheckAsync(SerialNumber serial, RevocationReason reason, bool blockKey, CancellationToken cancellationToken, DateTimeOffset? invalidSince = null)
    {
        var now = time.GetUtcNow();
        CheckInvalidSince(invalidSince, now);
        var old = await store.ReadAsync(session => CheckAsync(session, serial, reason, blockKey, now), cancellationToken);
        return Next(old, reason, invalidSince, now);
    }

    /// <exception cref="RefusalException">It lies ahead.</exception>
    public static void CheckInvalidSince(DateTimeOffset? since, DateTimeOffset now)
    {
        if (since > now) throw new RefusalException(RefusalReason.InvalidArgument, "lies ahead; a certificate that is to end later is revoked then") { Field = "invalidity_time" };
    }

    // What has expired needs no revocation: nobody believes it any more.
    private static CertificateRecord Next(CertificateRecord old, RevocationReason reason, DateTimeOffset? invalidSince, DateTimeOffset now) =>
        old.RevokedAt is not null ? old with { RevocationReason = reason, InvalidSince = invalidSince ?? old.InvalidSince }
        : old.NotAfter < now ? old
        : old with { RevokedAt = now, RevocationReason = reason, InvalidSince = invalidSince };

    private static async ValueTask<CertificateRecord> WriteAsync(
        StoreSession session, CertificateRecord old, RevocationReason reason, DateTimeOffset? invalidSince, DateTimeOffset now)
    {
        if (old.RevokedAt is not null) await CertificateStore.ChangeReasonAsync(session, old.Serial, reason, invalidSince);
        else if (IsLive(old, now) && await CertificateStore.RevokeAsync(session, old.Serial, reason, now, invalidSince) != 1) throw AlreadyRevoked(old);
        return Next(old, reason, invalidSince, now);
    }

    private static async ValueTask<CertificateRecord> CheckAsync(StoreSession session, SerialNumber serial, RevocationReason reason, bool blockKey, DateTimeOffset now)
    {
        var certificate = await CertificateStore.FindAsync(session, serial)
            ?? throw new RefusalException(RefusalReason.NotFound, $"no certificate with serial {serial.Hex} was issued here");
        if (IsLive(certificate, now)) return certificate;
        var blocked = await CertificateStore.IsKeyBlockedAsync(session, certificate.KeySha256);
        var known = blocked && (certificate.RevokedAt is null || certificate.RevocationReason == RevocationReason.KeyCompromise);
        if (blockKey && reason == RevocationReason.KeyCompromise && !known) return certificate;
        if (certificate.RevokedAt is not null) throw AlreadyRevoked(certificate);
        throw new RefusalException(RefusalReason.FailedPrecondition, $"certificate {serial.Hex} expired at {certificate.NotAfter:yyyy-MM-ddTHH:mm:ssZ}; there is nothing left to revoke");
    }

    /// <summary>Whether somebody could still believe it.</summary>
    public static bool IsLive(CertificateRecord certificate, DateTimeOffset now) => certificate.RevokedAt is null && certificate.NotAfter >= now;

    /// <summary>The refusal of a second revocation.</summary>
    public static RefusalException AlreadyRevoked(CertificateRecord certificate) =>
        new(RefusalReason.AlreadyRevoked, $"certificate {certificate.Serial.Hex} was revoked at {certificate.RevokedAt:yyyy-MM-ddTHH:mm:ssZ}");
}
