namespace GrpcCa.ControlPlane.Signing;

/// <summary>What the room says; numbers 4001 to 4099.</summary>
internal static partial class SigningLog
{
    [LoggerMessage(4001, LogLevel.Information, "Key {Key} ({Algorithm}) is kept")]
    public static partial void KeyKept(this ILogger log, KeyUri key, KeyAlgorithm algorithm);
}
