using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway.ControlPlane;

/// <summary>What a gateway says about its control plane; numbers never change meaning.</summary>
internal static partial class ControlPlaneLog
{
    [LoggerMessage(2001, LogLevel.Information, "The control plane answers again")]
    public static partial void Back(this ILogger log);

    [LoggerMessage(2002, LogLevel.Warning, "The control plane does not answer: {Detail}")]
    public static partial void Away(this ILogger log, string detail);

    [LoggerMessage(2003, LogLevel.Error, "The control plane refuses this gateway: {Detail}")]
    public static partial void Refused(this ILogger log, string detail);

    [LoggerMessage(2010, LogLevel.Information, "Configuration {Etag} is served now")]
    public static partial void ConfigChanged(this ILogger log, string etag);

    [LoggerMessage(2011, LogLevel.Warning, "The configuration could not be asked for: {Fault}")]
    public static partial void RefreshFailed(this ILogger log, string fault);

    [LoggerMessage(2020, LogLevel.Warning, "{Duty} failed and will be tried again: {Fault}")]
    public static partial void DutyFailed(this ILogger log, string duty, string fault);

    [LoggerMessage(2021, LogLevel.Information, "{Duty} works again")]
    public static partial void DutyRecovered(this ILogger log, string duty);

    [LoggerMessage(2030, LogLevel.Information, "Identity certificate renewed; it ends {NotAfter:u}")]
    public static partial void IdentityRenewed(this ILogger log, DateTimeOffset notAfter);

    [LoggerMessage(2031, LogLevel.Information, "TLS certificate for {Names} issued; it ends {NotAfter:u}")]
    public static partial void TlsRenewed(this ILogger log, string names, DateTimeOffset notAfter);

    [LoggerMessage(2032, LogLevel.Warning, "Starting without the control plane, from the state directory: {Fault}")]
    public static partial void StartedFromState(this ILogger log, string fault);

    [LoggerMessage(2033, LogLevel.Information, "Joined as {Gateway}")]
    public static partial void Joined(this ILogger log, string gateway);

    [LoggerMessage(2050, LogLevel.Information, "Revocation list {Number} of {Id} is served now, good until {NextUpdate:u}")]
    public static partial void CrlServed(this ILogger log, System.Numerics.BigInteger number, string id, DateTimeOffset nextUpdate);

    [LoggerMessage(2051, LogLevel.Error, "Revocation list {Name} is not served: {Fault}")]
    public static partial void CrlRefused(this ILogger log, string name, string fault);

    [LoggerMessage(2052, LogLevel.Error, "The control plane offers revocation list {Number} of {Id}, older than {Kept}, which is kept")]
    public static partial void CrlOlder(this ILogger log, string id, System.Numerics.BigInteger number, System.Numerics.BigInteger kept);

    [LoggerMessage(2053, LogLevel.Warning, "'{Path}' is damaged; the revocation lists will be fetched again: {Fault}")]
    public static partial void CrlsUnreadable(this ILogger log, string path, string fault);

    [LoggerMessage(2054, LogLevel.Warning, "'{Path}' cannot be written; the revocation lists are served all the same, and kept when it can: {Fault}")]
    public static partial void CrlsNotKept(this ILogger log, string path, string fault);

    [LoggerMessage(2040, LogLevel.Critical, "Upkeep stopped")]
    public static partial void UpkeepStopped(this ILogger log, Exception fault);
}
