using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.EabKeys;

/// <summary><c>grpcca eab-key delete ID</c></summary>
internal sealed class Delete() : DeleteVerb(ResourceName.EabKeys, "EAB key", "Removes a key and its name rules. Refused while an account that it bound is valid.")
{
    public override IReadOnlyList<string> Examples => ["grpcca eab-key delete guest", "grpcca eab-key delete guest --yes"];

    protected override string HintOf(CommandContext context) => $"'grpcca account list --eab-key {Ids.Short(context.Get(Target))}' shows them; 'grpcca eab-key disable' binds no more";

    protected override AsyncUnaryCall<Empty> Send(CommandContext context, string name) =>
        new AccountService.AccountServiceClient(context.Server).DeleteEabKeyAsync(new() { Name = name }, context.Call);

    protected override Task ReadAsync(CommandContext context, string name) =>
        context.AboutAsync(name, new AccountService.AccountServiceClient(context.Server).GetEabKeyAsync(new() { Name = name }, context.Call));
}
