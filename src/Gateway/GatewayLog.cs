using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway;

/// <summary>What a gateway says about requests; numbers never change meaning.</summary>
internal static partial class GatewayLog
{
    private const long TicksPerTenth = TimeSpan.TicksPerMillisecond / 10;

    /// <summary>1001: one line for each request. The generator's own line would be put together by a format with boxed values, 3 % of a request for the directory.</summary>
    public static void Answered(this ILogger log, AnsweredRequest request) =>
        log.Log(LogLevel.Information, new EventId(1001, nameof(Answered)), request, null, static (request, _) => request.ToString());

    /// <summary>What the line says of a request.</summary>
    internal readonly record struct AnsweredRequest(string Method, string Path, int Status, TimeSpan Took, string Client, string RequestId)
    {
        public override string ToString()
        {
            // Tenths of a millisecond as whole numbers: a floating-point number costs as much as the rest of the line.
            var tenths = (Took.Ticks + TicksPerTenth / 2) / TicksPerTenth;
            return string.Create(CultureInfo.InvariantCulture, $"{Method} {Path} {Status} {tenths / 10}.{tenths % 10} ms, client {Client}, request {RequestId}");
        }
    }

    [LoggerMessage(1002, LogLevel.Error, "Request {RequestId} failed")]
    public static partial void Failed(this ILogger log, string requestId, Exception fault);

    [LoggerMessage(1003, LogLevel.Warning, "Connections of {Address} are closed at once: it has {Most} (limits:connectionsPerAddress)")]
    public static partial void TooManyOfOne(this ILogger log, IPAddress address, int most);
}
