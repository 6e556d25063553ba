using System.CommandLine;
using GrpcCa.AdminCli.Commands.Fields;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook update ID</c>: only the fields that are given.</summary>
internal sealed class Update : Verb
{
    private readonly UpdateOptions<Webhook> options;

    public Update() : base("update", "Changes a webhook: only the fields that are given. A list that is given replaces the old one.")
    {
        options = new(new WebhookOptions().Settings);
        Add(Webhook);
        options.AddTo(this);
    }

    public Argument<string> Webhook { get; } = new("id") { Description = "The webhook's id" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca webhook update chat --event issued revoked expiring",
        "grpcca webhook update inventory --answer-within 2s --clear provisioner ca-file",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Webhooks, context.Get(Webhook));
        var client = new WebhookService.WebhookServiceClient(context.Server);
        var now = await context.AboutAsync(name, client.GetWebhookAsync(new() { Name = name }, context.Call));
        var next = new Webhook { Name = now.Name, Etag = context.Get(options.Etag) ?? now.Etag };
        var mask = options.Mask(context, next);
        var changed = await context.AboutAsync(name, client.UpdateWebhookAsync(new() { Webhook = next, UpdateMask = mask }, context.Call));
        context.Printer.One(changed, WebhookText.Fields(changed, context.Now));
        return ExitCodes.Ok;
    }
}
