namespace GrpcCa.AdminCli.Commands.Contexts;

/// <summary><c>grpcca context</c></summary>
internal sealed class ContextNoun() : Noun("context", "Contexts: servers and identities under a name, kept on this computer.",
    new List(), new Show(), new Add(), new Use(), new Remove());
