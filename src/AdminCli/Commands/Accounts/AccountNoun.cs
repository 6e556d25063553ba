namespace GrpcCa.AdminCli.Commands.Accounts;

/// <summary><c>grpcca account</c></summary>
internal sealed class AccountNoun() : Noun("account", "ACME accounts.", new List(), new Show(), new Pause(), new Resume(), new Deactivate());
