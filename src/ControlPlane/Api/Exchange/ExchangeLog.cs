namespace GrpcCa.ControlPlane.Api.Exchange;

internal static partial class ExchangeLog
{
    [LoggerMessage(3801, LogLevel.Information, "gateways on this host stay with TLS: the socket {Path} cannot be opened: {Reason}")]
    public static partial void DoorClosed(ILogger log, string path, string reason);

    [LoggerMessage(3802, LogLevel.Warning, "a connection to the socket of gateways was not accepted: {Reason}")]
    public static partial void NotAccepted(ILogger log, string reason);

    [LoggerMessage(3803, LogLevel.Debug, "a stream of calls goes on over the socket {Path}")]
    public static partial void Moved(ILogger log, string path);

    [LoggerMessage(3804, LogLevel.Debug, "a stream of calls ended at the socket: {Reason}")]
    public static partial void MoveEnded(ILogger log, string reason);
}
