using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook delete ID</c></summary>
internal sealed class Delete() : DeleteVerb(ResourceName.Webhooks, "webhook", "Removes a webhook and the messages that wait for it.")
{
    public override IReadOnlyList<string> Examples => ["grpcca webhook delete chat", "grpcca webhook delete chat --yes"];

    protected override AsyncUnaryCall<Empty> Send(CommandContext context, string name) =>
        new WebhookService.WebhookServiceClient(context.Server).DeleteWebhookAsync(new() { Name = name }, context.Call);

    protected override Task ReadAsync(CommandContext context, string name) =>
        context.AboutAsync(name, new WebhookService.WebhookServiceClient(context.Server).GetWebhookAsync(new() { Name = name }, context.Call));
}
