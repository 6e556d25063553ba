namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names</c></summary>
internal sealed class NamesNoun() : Noun("names", "Name rules: which names may be issued. All levels that have rules must allow a name, and none may deny it. A level with only deny rules, "
    + "or only expired ones, counts as set and allows nothing. Wildcard names are matched by 'wildcard:' rules only.", new List(), new Allow(), new Deny(), new Remove(), new Test());
