namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary><c>grpcca authority</c></summary>
internal sealed class AuthorityNoun() : Noun("authority", "Authorities: roots of trust and their issuers.", new List(), new Show(), new ListChains(), new AddChain(), new RemoveChain());
