namespace GrpcCa.AdminCli.Commands.EabKeys;

/// <summary><c>grpcca eab-key</c></summary>
internal sealed class EabKeyNoun() : Noun("eab-key", "EAB keys: bind ACME accounts to somebody the CA knows.", new List(), new Show(), new Create(), new Update(), new Disable(), new Delete());
