using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook deliveries ID</c></summary>
internal sealed class Deliveries : ListVerb<WebhookDelivery>
{
    public Deliveries() : base("The messages that wait for a webhook, the oldest first.", "deliveries") => Add(Webhook);

    public Argument<string> Webhook { get; } = new("id") { Description = "The webhook's id" };

    public override IReadOnlyList<string> Examples => ["grpcca webhook deliveries chat", "grpcca webhook deliveries chat -o json | jq -r '.deliveries[].body'"];

    protected override string Member => "deliveries";

    protected override IReadOnlyList<Column<WebhookDelivery>> Columns(CommandContext context) =>
    [
        new("Message", d => d.MessageId),
        new("Type", d => d.Type),
        new("Since", d => Cell.Of(d.CreateTime)),
        new("Tries", d => WebhookText.Number(d.AttemptCount)),
        new("Next", d => Cell.Of(d.DueTime)),
        new("Last failure", d => d.LastFailure, Wraps: true),
    ];

    protected override Func<int, string, Task<Page<WebhookDelivery>>> Fetch(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Webhooks, context.Get(Webhook));
        var client = new WebhookService.WebhookServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await context.AboutAsync(name, client.ListWebhookDeliveriesAsync(new() { Parent = name, PageSize = size, PageToken = token }, context.Call));
            return new(page.Deliveries, page.NextPageToken);
        };
    }
}
