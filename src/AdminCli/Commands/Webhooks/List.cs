using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook list</c></summary>
internal sealed class List() : ListVerb<Webhook>("All webhooks, and how they fare.")
{
    private static readonly IReadOnlyList<Column<Webhook>> Shown =
    [
        new("Webhook", w => Ids.Short(w.Name)),
        new("State", w => WebhookText.State(w)),
        new("Events", w => WebhookText.Events(w)),
        new("Provisioners", w => WebhookText.Provisioners(w)),
        new("Waiting", w => WebhookText.Number(w.QueuedCount)),
        new("URL", w => w.Url, Wraps: true),
        new("Last failure", w => w.LastFailure, WideOnly: true),
    ];

    public override IReadOnlyList<string> Examples => ["grpcca webhook list", "grpcca webhook list --output wide"];

    protected override string Member => "webhooks";

    protected override IReadOnlyList<Column<Webhook>> Columns(CommandContext context) => Shown;

    protected override Func<int, string, Task<Page<Webhook>>> Fetch(CommandContext context)
    {
        var client = new WebhookService.WebhookServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListWebhooksAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.Webhooks, page.NextPageToken);
        };
    }
}
