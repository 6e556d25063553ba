namespace GrpcCa.AdminCli.Commands.Gateways;

/// <summary><c>grpcca gateway</c></summary>
internal sealed class GatewayNoun() : Noun("gateway", "Gateways: the hosts that carry ACME requests.",
    new List(), new Show(), new Create(), new Update(), new Disable(), new Token());
