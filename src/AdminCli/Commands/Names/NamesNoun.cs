namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names</c></summary>
internal sealed class NamesNoun() : Noun("names", "Name rules: which names may be issued.", new List(), new Allow(), new Deny(), new Remove(), new Test());
