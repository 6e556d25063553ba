using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.AdminCli.Output;
using GrpcCa.Host;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook rotate-secret ID</c>: the new secret is the last line of the output, shown this once.</summary>
internal sealed class RotateSecret : Verb
{
    public RotateSecret() : base("rotate-secret", "Gives a webhook another secret and prints it, alone on the last line. The old one signs as well for a while.")
    {
        Add(Webhook);
        Add(KeepPrevious);
    }

    public Argument<string> Webhook { get; } = new("id") { Description = "The webhook's id" };

    public Option<TimeSpan> KeepPrevious { get; } = new("--keep-previous")
    {
        Description = "How long messages are signed with the old secret as well; 0s ends it at once",
        HelpName = "SPAN",
        DefaultValueFactory = _ => TimeSpan.FromHours(24),
        CustomParser = result =>
        {
            if (result.Tokens is [var token] && ConfigurationReader.TryParseDuration(token.Value, out var span) && span.TotalSeconds <= Duration.MaxSeconds) return span;
            result.AddError($"--keep-previous takes a span such as 90s, 24h or 7d, not '{string.Join(' ', result.Tokens)}'");
            return default;
        },
    };

    public override IReadOnlyList<string> Examples => ["grpcca webhook rotate-secret chat", "grpcca webhook rotate-secret chat --keep-previous 0s | tail -n 1 > hook.secret"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Webhooks, context.Get(Webhook));
        var client = new WebhookService.WebhookServiceClient(context.Server);
        var rotated = await context.AboutAsync(name, client.RotateWebhookSecretAsync(
            new() { Name = name, PreviousSecretLifetime = Duration.FromTimeSpan(context.Get(KeepPrevious)) }, context.Call));
        if (context.Printer.IsDocument)
        {
            context.Printer.Document(JsonText.Of(rotated));
            return ExitCodes.Ok;
        }
        context.Printer.Fields(WebhookText.Fields(rotated.Webhook, context.Now));
        TokenText.Write(context, rotated.Secret, "new secret, shown this once:");
        return ExitCodes.Ok;
    }
}
