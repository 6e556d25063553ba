using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Profiles;

/// <summary><c>grpcca profile delete ID</c></summary>
internal sealed class Delete() : DeleteVerb(ResourceName.Profiles, "profile", "Removes a profile. Refused while a provisioner names it.")
{
    public override IReadOnlyList<string> Examples => ["grpcca profile delete long", "grpcca profile delete long --yes"];

    protected override AsyncUnaryCall<Empty> Send(CommandContext context, string name) =>
        new ProfileService.ProfileServiceClient(context.Server).DeleteProfileAsync(new() { Name = name }, context.Call);

    protected override Task ReadAsync(CommandContext context, string name) =>
        context.AboutAsync(name, new ProfileService.ProfileServiceClient(context.Server).GetProfileAsync(new() { Name = name }, context.Call));
}
