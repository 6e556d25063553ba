using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary><c>grpcca authority add-chain ISSUER</c></summary>
internal sealed class AddChain : Verb
{
    public AddChain() : base("add-chain", "Offers ACME clients another chain (Link: rel=\"alternate\"): the issuer's key and name, certified by another root.")
    {
        Add(Issuer);
        Add(Certificate);
        Add(Root);
        Add(DryRun);
    }

    public Argument<string> Issuer { get; } = new("issuer") { Description = "The issuer's id, as 'grpcca authority show' lists it" };

    public Option<string> Certificate { get; } = new("--certificate") { Description = "The issuer's certificate by the other root, PEM or DER", HelpName = "FILE", Required = true };

    public Option<string> Root { get; } = new("--root") { Description = "The other root, PEM or DER", HelpName = "FILE", Required = true };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    public override IReadOnlyList<string> Examples => ["grpcca authority add-chain 2026a --certificate cross.crt --root old-root.crt"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var dryRun = context.Get(DryRun);
        var chain = await new AuthorityService.AuthorityServiceClient(context.Server).CreateIssuerChainAsync(new CreateIssuerChainRequest
        {
            Parent = await ChainText.IssuerAsync(context, context.Get(Issuer)),
            IssuerChain = new IssuerChain { CertificateDer = await CertificateFile.ReadAsync(context, context.Get(Certificate)), RootDer = await CertificateFile.ReadAsync(context, context.Get(Root)) },
            RequestId = dryRun ? "" : CommandContext.NewRequestId(),
            ValidateOnly = dryRun,
        }, context.Call);
        if (context.Printer.IsDocument) context.Printer.Document(JsonText.Of(chain));
        else context.Printer.Table(ChainText.Columns, [chain]);
        if (dryRun) context.Printer.Note("dry run: nothing was changed");
        return ExitCodes.Ok;
    }
}
