using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Api.Interceptors;

/// <summary>What the edge logs about calls that failed.</summary>
internal static partial class FaultLog
{
    [LoggerMessage(3001, LogLevel.Debug, "{Method} refused, {Reason}: {Detail} (request {RequestId})")]
    public static partial void Refused(ILogger logger, string method, RefusalReason reason, string detail, string requestId);

    [LoggerMessage(3002, LogLevel.Warning, "{Method} refused, the store takes no writes: {Detail} (request {RequestId})")]
    public static partial void StoreUnavailable(ILogger logger, string method, string detail, string requestId);

    [LoggerMessage(3003, LogLevel.Error, "{Method} failed (request {RequestId})")]
    public static partial void Unexpected(ILogger logger, Exception fault, string method, string requestId);
}
