using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names deny FORM:VALUE…</c></summary>
internal sealed class Deny() : RuleVerb("deny", "Denies names at a level, whatever any level allows. A level with deny rules only counts as set and allows nothing: give it allow rules too. "
    + "Wildcard names are matched by 'wildcard:' rules only.", NameRule.Types.Effect.Deny)
{
    public override IReadOnlyList<string> Examples =>
    [
        "grpcca names deny exact:router.net.gq --provisioner acme --comment 'has its own'",
        "grpcca names deny subtree:lab.net.gq --authority main --expires 2026-12-31",
    ];
}
