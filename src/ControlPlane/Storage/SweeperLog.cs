namespace GrpcCa.ControlPlane.Storage;

/// <summary>What the sweeper says; numbers 1120 to 1129.</summary>
internal static partial class SweeperLog
{
    [LoggerMessage(1120, LogLevel.Information, "Swept {Rows} expired rows of {Task} in {Batches} batches")]
    public static partial void Swept(ILogger log, string task, int rows, int batches);

    [LoggerMessage(1121, LogLevel.Warning, "Sweeping {Task} is tried again later: {Cause}")]
    public static partial void Delayed(ILogger log, string task, string cause);

    [LoggerMessage(1122, LogLevel.Error, "Sweeping {Task} failed and is tried again later")]
    public static partial void Failed(ILogger log, Exception fault, string task);
}
