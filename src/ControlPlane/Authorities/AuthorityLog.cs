namespace GrpcCa.ControlPlane.Authorities;

internal static partial class AuthorityLog
{
    [LoggerMessage(2001, LogLevel.Information, "The endpoint's certificate is renewed, good until {NotAfter:u}")]
    public static partial void EndpointRenewed(this ILogger log, DateTime notAfter);

    [LoggerMessage(2002, LogLevel.Error, "The endpoint's certificate could not be renewed; the next try is in {RetryAfter}")]
    public static partial void EndpointRenewalFailed(this ILogger log, TimeSpan retryAfter, Exception fault);

    [LoggerMessage(2003, LogLevel.Information, "The hierarchy is founded; root {RootSha256}")]
    public static partial void Founded(this ILogger log, string rootSha256);
}
