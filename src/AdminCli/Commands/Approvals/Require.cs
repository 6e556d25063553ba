namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary><c>grpcca approval require</c></summary>
internal sealed class Require() : DemandVerb("require", "From now on whatever widens it needs a second operator: allow rules, settings, profiles, its removal.", required: true)
{
    public override IReadOnlyList<string> Examples => ["grpcca approval require --provisioner acme", "grpcca approval require --authority main"];
}
