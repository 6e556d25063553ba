using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>Counts authorizations that wait for their proof.</summary>
internal static class PendingStore
{
    /// <summary>How many of the account's wait for their proof.</summary>
    public static ValueTask<long> CountPendingAsync(StoreSession session, string accountId, DateTimeOffset now) => session
        .Sql("select count(*) from authorizations where account_id = @account_id and pending = 1 and expires_at > @now")
        .With("@account_id", accountId)
        .With("@now", now)
        .NumberAsync();

    /// <summary>When the first of those expires.</summary>
    public static async ValueTask<DateTimeOffset> FirstPendingExpiryAsync(StoreSession session, string accountId, DateTimeOffset now) =>
        DateTimeOffset.FromUnixTimeMilliseconds(await session
            .Sql("select min(expires_at) from authorizations where account_id = @account_id and pending = 1 and expires_at > @now")
            .With("@account_id", accountId)
            .With("@now", now)
            .NumberAsync());
}
