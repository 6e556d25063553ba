namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary><c>grpcca approval waive</c></summary>
internal sealed class Waive() : DemandVerb("waive", "Takes the demand back; that needs a second operator itself.", required: false)
{
    public override IReadOnlyList<string> Examples => ["grpcca approval waive --provisioner acme"];
}
