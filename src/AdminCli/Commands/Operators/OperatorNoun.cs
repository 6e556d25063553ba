namespace GrpcCa.AdminCli.Commands.Operators;

/// <summary><c>grpcca operator</c></summary>
internal sealed class OperatorNoun() : Noun("operator", "Operators: people and tools that manage the CA.", new List(), new Show(), new Create(), new Update(), new Disable());
