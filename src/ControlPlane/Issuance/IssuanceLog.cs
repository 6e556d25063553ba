using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Issuance;

/// <summary>What the corridor says; numbers 4101 to 4199.</summary>
internal static partial class IssuanceLog
{
    [LoggerMessage(4101, LogLevel.Information, "Certificate {Serial} ({Role}) was issued by {Issuer} for {Purpose}, asked by {Actor}; SHA-256 {Sha256}, valid to {NotAfter:O}")]
    public static partial void Issued(
        this ILogger log, SerialNumber serial, CertificateRole role, string issuer, string purpose, string actor, string sha256, DateTimeOffset notAfter);

    [LoggerMessage(4102, LogLevel.Error, "Lint of {Serial} ({Role}, {Purpose}): {Rule} (RFC 5280 {Section}): {Message}")]
    public static partial void LintFound(
        this ILogger log, SerialNumber serial, CertificateRole role, string purpose, string rule, string section, string message);

    [LoggerMessage(4103, LogLevel.Error, "Certificate {Serial} ({Role}) for {Purpose} was never issued; its serial number is dead: {Cause}")]
    public static partial void NeverIssued(this ILogger log, SerialNumber serial, CertificateRole role, string purpose, string cause, Exception? fault);

    [LoggerMessage(4104, LogLevel.Error, "Plan {Serial} for {Purpose} could not be closed as never issued; it is closed once the store takes writes again: {Cause}")]
    public static partial void PlanLeftOpen(this ILogger log, SerialNumber serial, string purpose, string cause, Exception? fault);

    [LoggerMessage(4105, LogLevel.Error, "Plan {Serial} for {Purpose} failed but is not open: the store kept more than it confirmed: {Cause}")]
    public static partial void PlanNotOpen(this ILogger log, SerialNumber serial, string purpose, string cause, Exception? fault);

    [LoggerMessage(4106, LogLevel.Warning, "Plan {Serial} for {Purpose} was left unfinished by {Replica}: never issued, its serial number is dead")]
    public static partial void Recovered(this ILogger log, SerialNumber serial, string purpose, string replica);

    [LoggerMessage(4107, LogLevel.Warning, "Plan {Serial}, which the store had not let be closed, was never issued; its serial number is dead")]
    public static partial void ClosedLate(this ILogger log, SerialNumber serial);
}
