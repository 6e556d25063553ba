namespace GrpcCa.ControlPlane.Storage;

/// <summary>What the store says; numbers 1100 to 1119.</summary>
internal static partial class StoreLog
{
    [LoggerMessage(1100, LogLevel.Information, "Store {Store} opened, schema {Version}")]
    public static partial void Opened(ILogger log, string store, int version);

    [LoggerMessage(1101, LogLevel.Information, "Schema {Version} {Name} applied")]
    public static partial void Applied(ILogger log, int version, string name);

    [LoggerMessage(1102, LogLevel.Error, "The store refuses {Writes} writes for now: {Cause}")]
    public static partial void Unavailable(ILogger log, int writes, string cause);

    [LoggerMessage(1103, LogLevel.Information, "The store takes writes again")]
    public static partial void Recovered(ILogger log);

    [LoggerMessage(1104, LogLevel.Critical, "The store cannot go on and recovers at the next start: {Cause}")]
    public static partial void Fatal(ILogger log, string cause);

    [LoggerMessage(1105, LogLevel.Warning, "The log could not be copied into the database, which is tried again: {Cause}")]
    public static partial void CheckpointDelayed(ILogger log, string cause);

    [LoggerMessage(1106, LogLevel.Warning, "A group of {Writes} writes failed as a whole, each is tried alone: {Cause}")]
    public static partial void GroupSplit(ILogger log, int writes, string cause);

    [LoggerMessage(1107, LogLevel.Debug, "Write is replayed, attempt {Attempt}: {SqlState}")]
    public static partial void Replayed(ILogger log, int attempt, string sqlState);

    [LoggerMessage(1108, LogLevel.Error, "The disk is full: the reserve {File} was given up so that revocations and revocation lists go on; everything else is refused until there is space")]
    public static partial void ReserveSpent(ILogger log, string file);

    [LoggerMessage(1109, LogLevel.Information, "The reserve {File} is there, {Mebibytes} MiB")]
    public static partial void ReserveKept(ILogger log, string file, int mebibytes);

    [LoggerMessage(1111, LogLevel.Error, "The disk is full still, and the reserve {File} was given up before this start: only revocations and revocation lists are written until there is space")]
    public static partial void ReserveStillSpent(ILogger log, string file);

    [LoggerMessage(1112, LogLevel.Warning, "The connection that makes this the only replica {Replica} has ended, nothing is written until it is there again: {Cause}")]
    public static partial void TurnInterrupted(ILogger log, string replica, string cause);

    [LoggerMessage(1113, LogLevel.Information, "This is the only replica {Replica} again")]
    public static partial void TurnTaken(ILogger log, string replica);

    [LoggerMessage(1114, LogLevel.Warning, "Being the only replica {Replica} is tried again: {Cause}")]
    public static partial void TurnDelayed(ILogger log, string replica, string cause);

    [LoggerMessage(1110, LogLevel.Warning, "There is no space for the reserve {File} of {Mebibytes} MiB, so that a full disk would stop revocations too; it is made once there is: {Cause}")]
    public static partial void ReserveMissing(ILogger log, string file, int mebibytes, string cause);
}
