using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Crls;

/// <summary><c>grpcca crl refresh ID</c></summary>
internal sealed class Refresh : Verb
{
    public Refresh() : base("refresh", "Signs an issuer's next list now. They come by themselves after a revocation, and at a third of their life.") => Add(Crl);

    public Argument<string> Crl { get; } = new("id") { Description = "The list's id: the issuer's, or root- and the authority's" };

    public override IReadOnlyList<string> Examples => ["grpcca crl refresh root-main"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Crls, context.Get(Crl));
        var crl = await context.AboutAsync(name, new AuthorityService.AuthorityServiceClient(context.Server).RefreshCrlAsync(new() { Name = name }, context.Call));
        context.Printer.One(crl, CrlText.Fields(crl, context.Now));
        return ExitCodes.Ok;
    }
}
