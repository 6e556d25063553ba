using Npgsql;

namespace GrpcCa.ControlPlane.Storage.Postgres;

/// <summary>Sorts PostgreSQL's errors by their SQLSTATE.</summary>
internal static class PostgresFault
{
    private const string SerializationFailure = "40001";
    private const string Deadlock = "40P01";
    private const string UniqueViolation = "23505";

    /// <summary>
    /// The SQLSTATE after which the write is worth another try, or null. A unique violation is tried once more: under
    /// serializable isolation it may stand for a conflict that the function's own check could not see yet.
    /// </summary>
    public static string? Replayable(Exception fault, int attempt) => SqlState(fault) switch
    {
        SerializationFailure => SerializationFailure,
        Deadlock => Deadlock,
        UniqueViolation when attempt == 1 => UniqueViolation,
        _ => null,
    };

    /// <summary>Whether the server is away, full or starting: later writes may work.</summary>
    public static bool IsPassing(Exception fault) => SqlState(fault) switch
    {
        null => Find<NpgsqlException>(fault) is not null,
        // Operator intervention (shutting down, starting up), connections, resources (disk, memory), a server that is read-only.
        var state => state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal)
            || state.StartsWith("08", StringComparison.Ordinal) || state is "25006" or "58030",
    };

    /// <summary>Whether the connection broke: during a commit nobody knows then what became of it.</summary>
    public static bool IsBroken(Exception fault) => SqlState(fault) is null or "57P01" or "57P02" or "57P05";

    private static string? SqlState(Exception fault) => Find<PostgresException>(fault)?.SqlState;

    private static T? Find<T>(Exception fault) where T : Exception
    {
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException)
            if (cause is T found) return found;
        return null;
    }
}
