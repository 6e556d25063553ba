namespace GrpcCa.ControlPlane.Acme.Challenges;

internal static partial class ChallengeLog
{
    [LoggerMessage(3051, LogLevel.Error, "The {ChallengeType} validator failed on {Identifier}: an answer that it does not know how to read")]
    public static partial void ValidatorFailed(ILogger log, string challengeType, string identifier, Exception fault);
}
