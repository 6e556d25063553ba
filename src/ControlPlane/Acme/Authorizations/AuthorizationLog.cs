namespace GrpcCa.ControlPlane.Acme.Authorizations;

internal static partial class AuthorizationLog
{
    [LoggerMessage(3001, LogLevel.Information, "{Identifier} is validated by {ChallengeType} at {Address} after {Attempts} attempt(s)")]
    public static partial void Validated(this ILogger log, string identifier, string challengeType, string address, int attempts);

    [LoggerMessage(3002, LogLevel.Information, "{Identifier} failed {ChallengeType} after {Attempts} attempt(s): {Cause}")]
    public static partial void Failed(this ILogger log, string identifier, string challengeType, int attempts, string cause);

    [LoggerMessage(3003, LogLevel.Information, "{Count} validations that were cut off are taken up again")]
    public static partial void Resumed(this ILogger log, int count);

    [LoggerMessage(3006, LogLevel.Warning, "The store refuses the result for authorization {AuthorizationId}; again in {Pause}: {Cause}")]
    public static partial void StoreRefuses(this ILogger log, string authorizationId, TimeSpan pause, string cause);

    [LoggerMessage(3005, LogLevel.Information, "{Identifier} was proven by {ChallengeType} too late: the authorization had ended meanwhile")]
    public static partial void TooLate(this ILogger log, string identifier, string challengeType);

    [LoggerMessage(3004, LogLevel.Error, "The validation of authorization {AuthorizationId} could not be carried out")]
    public static partial void WorkerFailed(this ILogger log, string authorizationId, Exception fault);
}
