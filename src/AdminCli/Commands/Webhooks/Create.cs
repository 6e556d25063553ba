using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook create ID</c>: the secret is the last line of the output, shown this once.</summary>
internal sealed class Create : Verb
{
    private readonly WebhookOptions options = new();

    public Create() : base("create", "Adds a webhook and prints its secret, alone on the last line.")
    {
        Add(Webhook);
        options.Url.Required = true;
        options.Events.Required = true;
        options.Settings.AddTo(this);
        Add(Disabled);
        Add(DryRun);
    }

    public Argument<string> Webhook { get; } = new("id") { Description = "1 to 63 of a-z, 0-9 and hyphen, starting with a letter" };

    public Option<bool> Disabled { get; } = new("--disabled") { Description = "Neither ask nor tell it until 'webhook enable'" };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca webhook create inventory --url https://hooks.net.gq/grpcca --event authorize --provisioner acme",
        "grpcca webhook create chat --url https://hooks.net.gq/chat --event revoked expiring --expiring-within 3d",
        "grpcca webhook create log --url https://10.0.0.7/ --event issued --ca-file hooks-root.pem | tail -n 1 > hook.secret",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var dryRun = context.Get(DryRun);
        var webhook = new Webhook { Disabled = context.Get(Disabled) };
        // Its mask is for updates only: what is not given stays unset.
        _ = options.Settings.Apply(context, webhook).Count();
        var made = await new WebhookService.WebhookServiceClient(context.Server).CreateWebhookAsync(new CreateWebhookRequest
        {
            WebhookId = Ids.Short(Ids.Name(ResourceName.Webhooks, context.Get(Webhook))),
            Webhook = webhook,
            RequestId = dryRun ? "" : CommandContext.NewRequestId(),
            ValidateOnly = dryRun,
        }, context.Call);
        if (context.Printer.IsDocument)
        {
            context.Printer.Document(JsonText.Of(made));
            return ExitCodes.Ok;
        }
        context.Printer.Fields(WebhookText.Fields(made.Webhook, context.Now));
        if (dryRun) context.Printer.Note("dry run: nothing was changed");
        else TokenText.Write(context, made.Secret, "secret, shown this once; the receiver checks signatures with it (Standard Webhooks):");
        return ExitCodes.Ok;
    }
}
