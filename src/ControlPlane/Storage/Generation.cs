namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// The number that every change of configuration raises in its own transaction, so that what is kept in memory is
/// right in every process that shares the store.
/// </summary>
internal static class Generation
{
    /// <summary>Raises the number; every write of gateways, operators, provisioners, profiles, names and authorities does.</summary>
    public static async ValueTask BumpAsync(StoreSession session)
    {
        session.HasRaisedGeneration = true;
        if (await session.Sql("UPDATE config_generation SET number = number + 1 WHERE id = 1").ExecuteAsync() != 1)
            throw new InvalidOperationException("config_generation has lost its row");
    }

    /// <summary>The number now.</summary>
    public static ValueTask<long> ReadAsync(StoreSession session) =>
        session.Sql("SELECT number FROM config_generation WHERE id = 1").NumberAsync();
}
