using GrpcCa.TestKit;
using GrpcCa.V1;
using static GrpcCa.V1.Webhook.Types;

namespace GrpcCa.ControlPlane.Tests.Webhooks;

/// <summary>What the tests of webhooks share.</summary>
internal static class Hooks
{
    /// <summary>A house that may dial loopback and tries again after a second.</summary>
    public static Task<House> HouseAsync(params (string Key, string Value)[] more)
    {
        var settings = new HouseSettings
        {
            Options = { ["Webhooks:Ranges"] = "127.0.0.0/8", ["Webhooks:FirstPause"] = "1s", ["Webhooks:LongestPause"] = "1s" },
        };
        foreach (var (key, value) in more) settings.Options[key] = value;
        return House.StartAsync(settings);
    }

    public static WebhookService.WebhookServiceClient Webhooks(this House house) => new(house.Admin());

    /// <summary>Adds a webhook; its secret is kept out of all logs.</summary>
    public static async Task<CreateWebhookResponse> AddAsync(this House house, string id, Webhook webhook)
    {
        var made = await house.Webhooks().CreateWebhookAsync(new() { WebhookId = id, Webhook = webhook });
        house.KeepOutOfLogs(made.Secret["whsec_".Length..]);
        return made;
    }

    public static Task<CreateWebhookResponse> AddAsync(this House house, string id, HookReceiver receiver, params Event[] events) =>
        house.AddAsync(id, new Webhook { Url = receiver.Url, Events = { events }, CaPem = receiver.CaPem });

    public static async Task<Webhook> GetAsync(this House house, string id) => await house.Webhooks().GetWebhookAsync(new() { Name = "webhooks/" + id });
}
