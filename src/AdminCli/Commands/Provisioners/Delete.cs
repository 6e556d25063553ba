using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary><c>grpcca provisioner delete ID</c></summary>
internal sealed class Delete : DeleteVerb
{
    public Delete() : base(ResourceName.Provisioners, "provisioner", "Removes a provisioner. Refused while certificates of it are valid, without --force.") => Add(Force);

    public Option<bool> Force { get; } = new("--force") { Description = "Also while certificates of it are valid; they stay valid, and their clients cannot renew" };

    public override IReadOnlyList<string> Examples => ["grpcca provisioner delete lab", "grpcca provisioner delete lab --force --yes"];

    protected override string? HintOf(CommandContext context) =>
        context.Get(Force) ? null : "--force deletes it all the same: its certificates stay valid, its clients cannot renew";

    protected override AsyncUnaryCall<Empty> Send(CommandContext context, string name) =>
        new ProvisionerService.ProvisionerServiceClient(context.Server).DeleteProvisionerAsync(new() { Name = name, Force = context.Get(Force) }, context.Call);

    protected override Task ReadAsync(CommandContext context, string name) =>
        context.AboutAsync(name, new ProvisionerService.ProvisionerServiceClient(context.Server).GetProvisionerAsync(new() { Name = name }, context.Call));
}
