namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary><c>grpcca webhook</c></summary>
internal sealed class WebhookNoun() : Noun("webhook", "Webhooks: services that are asked before a certificate is issued, or told afterwards.",
    new List(), new Show(), new Create(), new Update(), Switch.Enable(), Switch.Disable(), new RotateSecret(), new Test(), new Deliveries(), new Delete());
