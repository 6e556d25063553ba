using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>Forgets plans whose certificate was issued. One that was never issued stays: nothing else remembers its serial number.</summary>
internal static class ClosedPlanStore
{
    public static async ValueTask<int> DeleteIssuedAsync(StoreSession session, DateTimeOffset closedBefore, int batch) => await session.Sql("""
        DELETE FROM issuance_plans WHERE serial IN
            (SELECT serial FROM issuance_plans WHERE outcome = 'issued' AND closed_at < @before ORDER BY closed_at LIMIT @limit)
        """).With("before", closedBefore).With("limit", batch).ExecuteAsync();
}
