using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook enable ID</c> and <c>disable ID</c>.</summary>
internal sealed class Switch : Verb
{
    private readonly bool disabled;

    private Switch(string name, string description, bool disabled) : base(name, description)
    {
        this.disabled = disabled;
        Add(Webhook);
    }

    public static Switch Enable() => new("enable", "Asks and tells a webhook again; what waits for it is delivered.", disabled: false);

    public static Switch Disable() => new("disable", "Neither asks nor tells a webhook, until 'webhook enable': what it would have to agree to is issued without it.", disabled: true);

    public Argument<string> Webhook { get; } = new("id") { Description = "The webhook's id" };

    public override IReadOnlyList<string> Examples => [$"grpcca webhook {Name} inventory"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Webhooks, context.Get(Webhook));
        // Whatever else somebody changes meanwhile, the switch is meant: no etag.
        var changed = await context.AboutAsync(name, new WebhookService.WebhookServiceClient(context.Server).UpdateWebhookAsync(new UpdateWebhookRequest
        {
            Webhook = new Webhook { Name = name, Disabled = disabled },
            UpdateMask = new() { Paths = { "disabled" } },
        }, context.Call));
        context.Printer.One(changed, WebhookText.Fields(changed, context.Now));
        return ExitCodes.Ok;
    }
}
