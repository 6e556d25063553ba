using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names allow FORM:VALUE…</c></summary>
internal sealed class Allow() : RuleVerb("allow", "Allows names at a level. A provisioner without any such rule allows nothing; any other level with rules, be they only deny rules or expired ones, "
    + "counts as set and allows nothing but what its allow rules match. Wildcard names are matched by 'wildcard:' rules only.", NameRule.Types.Effect.Allow)
{
    public override IReadOnlyList<string> Examples =>
    [
        "grpcca names allow exact:nas.net.gq --provisioner acme",
        "grpcca names allow subtree:home.net.gq ip:100.64.0.0/10 --provisioner nixos --comment 'all hosts at home'",
        "grpcca names allow exact:printer.net.gq --eab-key guest",
        "grpcca names allow exact:try.net.gq --provisioner acme --expires 30d",
    ];
}
