using System.CommandLine;
using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary><c>grpcca authority chains ISSUER</c></summary>
internal sealed class ListChains : Verb
{
    public ListChains() : base("chains", "Further chains of an issuer: its key and name, certified by other roots.") => Add(Issuer);

    public Argument<string> Issuer { get; } = new("issuer") { Description = "The issuer's id, as 'grpcca authority show' lists it" };

    public override IReadOnlyList<string> Examples => ["grpcca authority chains 2026a", "grpcca authority chains 2026a -o json"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var parent = await ChainText.IssuerAsync(context, context.Get(Issuer));
        var client = new AuthorityService.AuthorityServiceClient(context.Server);
        var chains = await new PagedList<IssuerChain>(async (size, token) =>
        {
            var page = await client.ListIssuerChainsAsync(new() { Parent = parent, PageSize = size, PageToken = token }, context.Call);
            return new(page.IssuerChains, page.NextPageToken);
        }, int.MaxValue).ToListAsync();
        if (context.Printer.IsDocument) context.Printer.Document(new JsonObject { ["issuerChains"] = JsonText.Of(chains) });
        else if (chains.Count == 0) context.Printer.Note("no further chains");
        else context.Printer.Table(ChainText.Columns, chains);
        return ExitCodes.Ok;
    }
}
