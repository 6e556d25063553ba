namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names</c></summary>
internal sealed class NamesNoun() : Noun("names", "Name rules: which names may be issued. A level with only deny rules, or only expired ones, counts as set and "
    + "allows nothing; only 'wildcard:' rules match wildcard names.", new List(), new Allow(), new Deny(), new Remove(), new UnsetLevel(), new Test(), new Import(), new Export());
