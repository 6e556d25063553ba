namespace GrpcCa.ControlPlane.Storage;

/// <summary>
/// The numbers that tell whether what is kept in memory is still right, in every process that shares the store: each change raises
/// the one it concerns, in its own transaction.
/// </summary>
/// <param name="Configuration">Raised by every write of gateways, operators, provisioners, profiles, names and authorities (<see cref="BumpAsync"/>).</param>
/// <param name="Accounts">
/// Raised by every change of an account's key, status or pause: the schema has triggers for it, so that no write can forget it,
/// that of an earlier version beside this one neither. A number of its own: clients raise it.
/// </param>
internal sealed record Generation(long Configuration, long Accounts)
{
    /// <summary>Both, in one row.</summary>
    public const string Query = """
        SELECT config_generation.number, account_generation.number FROM config_generation, account_generation
        WHERE config_generation.id = 1 AND account_generation.id = 1
        """;

    /// <summary>The numbers now.</summary>
    public static async ValueTask<Generation> ReadAsync(StoreSession session) =>
        await session.Sql(Query).FirstAsync(row => new Generation(row.GetInt64(0), row.GetInt64(1)))
            ?? throw new InvalidOperationException("config_generation or account_generation has lost its row");

    /// <summary>The configuration's alone: a write that is held against it is no neighbour of those that change accounts.</summary>
    public static ValueTask<long> ReadConfigurationAsync(StoreSession session) =>
        session.Sql("SELECT number FROM config_generation WHERE id = 1").NumberAsync();

    /// <summary>Raises the configuration's.</summary>
    public static async ValueTask BumpAsync(StoreSession session)
    {
        if (await session.Sql("UPDATE config_generation SET number = number + 1 WHERE id = 1").ExecuteAsync() != 1)
            throw new InvalidOperationException("config_generation has lost its row");
    }
}
