namespace GrpcCa.ControlPlane.Webhooks;

/// <summary>What the room says; numbers 2201 to 2299.</summary>
internal static partial class WebhookLog
{
    [LoggerMessage(2201, LogLevel.Information, "{Webhook} does not let {Requester} have {Names}: {Reason}")]
    public static partial void Refused(this ILogger log, string webhook, string requester, string names, string reason);

    [LoggerMessage(2202, LogLevel.Warning, "{Webhook} has to agree, but gave no answer that counts, so that {Requester} gets no certificate: {Cause}")]
    public static partial void NotAnswered(this ILogger log, string webhook, string requester, string cause);

    [LoggerMessage(2203, LogLevel.Warning, "{Webhook} takes no deliveries, they are tried again later: {Cause}")]
    public static partial void Failing(this ILogger log, string webhook, string cause);

    [LoggerMessage(2204, LogLevel.Information, "{Webhook} takes deliveries again")]
    public static partial void Recovered(this ILogger log, string webhook);

    [LoggerMessage(2205, LogLevel.Warning, "{Webhook} never got {Message} ({Type}), which is given up after {Attempts} attempts: {Cause}")]
    public static partial void GivenUp(this ILogger log, string webhook, string message, string type, long attempts, string cause);

    [LoggerMessage(2206, LogLevel.Warning, "The queue of {Webhook} is full: {Dropped} of its oldest deliveries were dropped")]
    public static partial void Dropped(this ILogger log, string webhook, int dropped);

    [LoggerMessage(2207, LogLevel.Warning, "Webhooks could not be looked after and are tried again: {Cause}")]
    public static partial void Delayed(this ILogger log, string cause, Exception? fault);

    [LoggerMessage(2208, LogLevel.Information, "Told webhooks of {Count} certificates that are near their end")]
    public static partial void ExpiriesTold(this ILogger log, int count);
}
