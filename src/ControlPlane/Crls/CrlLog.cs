namespace GrpcCa.ControlPlane.Crls;

/// <summary>What the room says; numbers 2101 to 2199.</summary>
internal static partial class CrlLog
{
    [LoggerMessage(2101, LogLevel.Information, "Revocation list {Number} of {Issuer} is signed: {Entries} entries, good until {NextUpdate:u}, made in {Milliseconds:F0} ms")]
    public static partial void CrlSigned(this ILogger log, long number, string issuer, int entries, DateTimeOffset nextUpdate, double milliseconds);

    [LoggerMessage(2102, LogLevel.Error, "Lint of revocation list {Number} of {Issuer}: {Rule} (RFC 5280 {Section}): {Message}")]
    public static partial void CrlLintFound(this ILogger log, long number, string issuer, string rule, string section, string message);

    [LoggerMessage(2103, LogLevel.Error, "Revocation list {Number} of {Issuer} was never signed; the next has another number: {Cause}")]
    public static partial void CrlNeverSigned(this ILogger log, long number, string issuer, string cause);

    [LoggerMessage(2104, LogLevel.Error, "No revocation list of {Issuer} could be made; the next try is in {Wait}")]
    public static partial void CrlFailed(this ILogger log, string issuer, TimeSpan wait, Exception fault);

    [LoggerMessage(2105, LogLevel.Warning, "Revocation lists could not be looked after and are tried again: {Cause}")]
    public static partial void CrlDelayed(this ILogger log, string cause, Exception? fault);

    [LoggerMessage(2106, LogLevel.Warning, "No revocation list of {Issuer} is signed here: {Problem}")]
    public static partial void CrlMissing(this ILogger log, string issuer, string problem);

    [LoggerMessage(2107, LogLevel.Information, "Revocation list {Number} of {Issuer} was imported: {Entries} entries, good until {NextUpdate:u}")]
    public static partial void CrlImported(this ILogger log, long number, string issuer, int entries, DateTimeOffset nextUpdate);

    [LoggerMessage(2108, LogLevel.Warning, "The imported revocation list of {Issuer} ends {NextUpdate:u}: import a newer one, or those who check will refuse everything below")]
    public static partial void CrlEnding(this ILogger log, string issuer, DateTimeOffset nextUpdate);
}
