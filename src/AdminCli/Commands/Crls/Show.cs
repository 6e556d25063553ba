using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Crls;

/// <summary><c>grpcca crl show ID</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "The newest list of an issuer, and why there is none where there is none. 'crl get' has the list itself.") => Add(Crl);

    public Argument<string> Crl { get; } = new("id") { Description = "The list's id: the issuer's, or root- and the authority's" };

    public override IReadOnlyList<string> Examples => ["grpcca crl show root-main", "grpcca crl show 1c403c46 -o json"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Crls, context.Get(Crl));
        var all = (await new TrustService.TrustServiceClient(context.Server).ListCrlsAsync(new(), context.Call)).Crls;
        var crl = all.FirstOrDefault(c => c.Name == name)
            ?? throw CliFailure.NotFound($"there is no {name}", $"one of {string.Join(", ", all.Select(c => Ids.Short(c.Name)))}");
        context.Printer.One(crl, CrlText.Fields(crl, context.Now));
        return ExitCodes.Ok;
    }
}
