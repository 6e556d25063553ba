using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook show ID</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One webhook, and how it fares.") => Add(Webhook);

    public Argument<string> Webhook { get; } = new("id") { Description = "The webhook's id" };

    public override IReadOnlyList<string> Examples => ["grpcca webhook show inventory", "grpcca webhook show inventory -o json"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Webhooks, context.Get(Webhook));
        var client = new WebhookService.WebhookServiceClient(context.Server);
        var webhook = await context.AboutAsync(name, client.GetWebhookAsync(new() { Name = name }, context.Call));
        context.Printer.One(webhook, WebhookText.Fields(webhook, context.Now));
        return ExitCodes.Ok;
    }
}
