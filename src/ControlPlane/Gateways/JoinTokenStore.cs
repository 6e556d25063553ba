using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Gateways;

/// <summary>SQL of the table join_tokens; secrets are in it only as hashes.</summary>
internal static class JoinTokenStore
{
    /// <summary>The subject's token from now on; the one before is void.</summary>
    public static async ValueTask PutAsync(StoreSession session, string subject, byte[] secretSha256, DateTimeOffset expiresAt) => await session.Sql("""
        INSERT INTO join_tokens (subject, secret_sha256, expires_at) VALUES (@subject, @sha256, @expires)
        ON CONFLICT (subject) DO UPDATE SET secret_sha256 = excluded.secret_sha256, expires_at = excluded.expires_at
        """).With("@subject", subject).With("@sha256", secretSha256).With("@expires", expiresAt).ExecuteAsync();

    /// <summary>Whose live token has this hash; null when nobody's.</summary>
    public static async ValueTask<string?> SubjectOfAsync(StoreSession session, byte[] secretSha256, DateTimeOffset now) => await session.Sql("""
        SELECT subject FROM join_tokens WHERE secret_sha256 = @sha256 AND expires_at > @now
        """).With("@sha256", secretSha256).With("@now", now).FirstAsync(row => row.GetString(0));

    /// <summary>True for exactly one of all who spend it.</summary>
    public static async ValueTask<bool> SpendAsync(StoreSession session, byte[] secretSha256) => await session.Sql("""
        DELETE FROM join_tokens WHERE secret_sha256 = @sha256
        """).With("@sha256", secretSha256).ExecuteAsync() == 1;

    /// <summary>Takes the subject's token away, when it has one.</summary>
    public static async ValueTask VoidAsync(StoreSession session, string subject) => await session.Sql("""
        DELETE FROM join_tokens WHERE subject = @subject
        """).With("@subject", subject).ExecuteAsync();

    public static async ValueTask<bool> HasLiveAsync(StoreSession session, string subject, DateTimeOffset now) => await session.Sql("""
        SELECT count(*) FROM join_tokens WHERE subject = @subject AND expires_at > @now
        """).With("@subject", subject).With("@now", now).NumberAsync() > 0;

    public static async ValueTask<int> SweepAsync(StoreSession session, DateTimeOffset now, int limit) => await session.Sql("""
        DELETE FROM join_tokens WHERE subject IN
            (SELECT subject FROM join_tokens WHERE expires_at <= @now ORDER BY expires_at LIMIT @limit)
        """).With("@now", now).With("@limit", limit).ExecuteAsync();
}
