namespace GrpcCa.AdminCli.Commands.Tokens;

/// <summary><c>grpcca token</c></summary>
internal sealed class TokenNoun() : Noun("token", "One-time tokens that ask for certificates.", new Create());
