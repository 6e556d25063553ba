using System.CommandLine;
using System.Globalization;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook test ID</c>: ends with 1 when the message did not arrive.</summary>
internal sealed class Test : Verb
{
    public Test() : base("test", "Sends a webhook a message of type webhook.test and tells how it fared. Ends with 1 when it did not arrive.") => Add(Webhook);

    public Argument<string> Webhook { get; } = new("id") { Description = "The webhook's id" };

    public override IReadOnlyList<string> Examples => ["grpcca webhook test chat"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Webhooks, context.Get(Webhook));
        var tried = await context.AboutAsync(name, new WebhookService.WebhookServiceClient(context.Server).TestWebhookAsync(new() { Name = name }, context.Call));
        context.Printer.One(tried,
        [
            new("Outcome", tried.Delivered ? new Cell("delivered", Tone.Good) : new Cell("failed", Tone.Bad)),
            new("Because", tried.Failure),
            new("Message", tried.MessageId),
            new("Status", Cell.Of(tried.HttpStatus, Cell.Nothing)),
            new("Address", tried.Address),
            new("Took", ((long)(tried.Elapsed?.ToTimeSpan() ?? default).TotalMilliseconds).ToString(CultureInfo.InvariantCulture) + " ms"),
        ]);
        return tried.Delivered ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
