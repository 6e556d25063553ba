namespace GrpcCa.ControlPlane.Acme.PastRequests;

internal static partial class LimitLog
{
    [LoggerMessage(3201, LogLevel.Debug, "Limits go on from {Accounts} accounts, {Orders} orders and {Attempts} failed validations of their windows")]
    public static partial void Rebuilt(this ILogger log, int accounts, int orders, int attempts);
}
