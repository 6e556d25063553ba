using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway;

/// <summary>What a gateway says about requests; numbers never change meaning.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(1001, LogLevel.Information, "{Method} {Path} {Status} {Milliseconds:0.0} ms, client {Client}, request {RequestId}")]
    public static partial void Answered(this ILogger log, string method, string path, int status, double milliseconds, string client, string requestId);

    [LoggerMessage(1002, LogLevel.Error, "Request {RequestId} failed")]
    public static partial void Failed(this ILogger log, string requestId, Exception fault);
}
