using System.Globalization;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary>Words for what webhooks want and how they fare.</summary>
internal static class WebhookText
{
    public static readonly string[] EventWords = ["authorize", "issued", "revoked", "expiring"];

    public static Webhook.Types.Event Event(string word) => (Webhook.Types.Event)(Array.FindIndex(EventWords, w => w.Equals(word, StringComparison.OrdinalIgnoreCase)) + 1);

    public static Cell Events(Webhook webhook) => Cell.Of(webhook.Events.Select(e => (int)e is > 0 and <= 4 ? EventWords[(int)e - 1] : e.ToString()));

    public static Cell State(Webhook webhook)
    {
        if (webhook.Disabled) return new("disabled", Tone.Warning);
        if (webhook.LastFailureTime is null || (webhook.LastDeliveryTime is not null && webhook.LastDeliveryTime > webhook.LastFailureTime)) return new("enabled", Tone.Good);
        return new("failing", Tone.Bad);
    }

    public static Cell Provisioners(Webhook webhook) => Cell.Of(webhook.Provisioners.Select(Ids.Short), "all");

    public static Cell Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static IEnumerable<Field> Fields(Webhook webhook, DateTimeOffset now) =>
    [
        new("Webhook", Ids.Short(webhook.Name)),
        new("State", State(webhook)),
        new("URL", webhook.Url),
        new("Events", Events(webhook)),
        new("Provisioners", Provisioners(webhook)),
        new("Answers within", Cell.Of(webhook.Timeout, "5s")),
        new("Expiring within", Cell.Of(webhook.ExpiringWithin, "7d")),
        new("Trusts", webhook.CaPem.Length > 0 ? "roots of its own" : "the system's roots and this CA's"),
        new("Comment", webhook.Comment),
        new("Waiting", Number(webhook.QueuedCount)),
        new("Delivered", Number(webhook.DeliveredCount)),
        new("Given up", new(Number(webhook.GivenUpCount).Text, webhook.GivenUpCount > 0 ? Tone.Warning : Tone.Plain)),
        new("Dropped", new(Number(webhook.DroppedCount).Text, webhook.DroppedCount > 0 ? Tone.Warning : Tone.Plain)),
        new("Last delivery", When.FormatWithDistance(webhook.LastDeliveryTime, now)),
        new("Last failure", When.FormatWithDistance(webhook.LastFailureTime, now)),
        new("Because", webhook.LastFailure),
        new("Old secret until", When.FormatWithDistance(webhook.PreviousSecretExpireTime, now)),
        new("Created", Cell.Of(webhook.CreateTime)),
        new("Etag", webhook.Etag),
    ];
}
