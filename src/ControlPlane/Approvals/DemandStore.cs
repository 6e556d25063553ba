using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Approvals;

/// <summary>An authority or provisioner that demands a second operator.</summary>
internal sealed record Demand(string Resource, string Creator, DateTimeOffset CreatedAt);

/// <summary>SQL of the table second_operator_demands.</summary>
internal static class DemandStore
{
    public static ValueTask<List<Demand>> ListAsync(StoreSession session) => session
        .Sql("SELECT resource, created_by, created_at FROM second_operator_demands ORDER BY resource")
        .ListAsync(row => new Demand(row.GetString(0), row.GetString(1), row.Time(2)));

    /// <summary>False when it demands one already.</summary>
    public static async ValueTask<bool> AddAsync(StoreSession session, Demand demand) => await session.Sql("""
        INSERT INTO second_operator_demands (resource, created_by, created_at) VALUES (@resource, @creator, @now) ON CONFLICT (resource) DO NOTHING
        """).With("@resource", demand.Resource).With("@creator", demand.Creator).With("@now", demand.CreatedAt).ExecuteAsync() == 1;

    /// <summary>False when it demands none.</summary>
    public static async ValueTask<bool> RemoveAsync(StoreSession session, string resource) => await session
        .Sql("DELETE FROM second_operator_demands WHERE resource = @resource").With("@resource", resource).ExecuteAsync() == 1;
}
