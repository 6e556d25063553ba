using System.CommandLine;
using System.Text.Json.Nodes;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary><c>grpcca authority remove-chain ISSUER CHAIN</c></summary>
internal sealed class RemoveChain : Verb
{
    public RemoveChain() : base("remove-chain", "Offers a further chain no more. Certificates that were downloaded with it stay what they are.")
    {
        Add(Issuer);
        Add(Chain);
    }

    public Argument<string> Issuer { get; } = new("issuer") { Description = "The issuer's id" };

    public Argument<string> Chain { get; } = new("chain") { Description = "The chain's id, as 'grpcca authority chains' lists it" };

    public override IReadOnlyList<string> Examples => ["grpcca authority remove-chain 2026a 9f2c51d07ab34e68a1b2c3d4e5f60718"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = $"{await ChainText.IssuerAsync(context, context.Get(Issuer))}/{ResourceName.Chains}/{context.Get(Chain)}";
        await new AuthorityService.AuthorityServiceClient(context.Server).DeleteIssuerChainAsync(new DeleteIssuerChainRequest { Name = name }, context.Call);
        if (context.Printer.IsDocument) context.Printer.Document(new JsonObject { ["removed"] = name });
        else context.Printer.Line($"removed {context.Get(Chain)}");
        return ExitCodes.Ok;
    }
}
