using System.CommandLine;
using System.Security.Cryptography;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary><c>grpcca authority show [ID]</c>: without an id, the one that issues for names.</summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One authority with its issuers; without an id, the one that issues for names.")
    {
        Add(Authority);
        Add(Pem);
    }

    public Argument<string?> Authority { get; } = new("id") { Description = "The authority's id", Arity = ArgumentArity.ZeroOrOne };

    public Option<bool> Pem { get; } = new("--pem") { Description = "Print the root certificate as PEM and nothing else: for trust stores" };

    public override IReadOnlyList<string> Examples => ["grpcca authority show", "grpcca authority show --pem > root.crt", "grpcca authority show main -o json"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var authority = await FindAsync(context);
        if (context.Get(Pem))
        {
            context.Printer.Line(PemEncoding.WriteString("CERTIFICATE", authority.RootDer.Span));
            return ExitCodes.Ok;
        }
        var issuers = await AuthorityReader.IssuersAsync(context, authority.Name);
        if (context.Printer.IsDocument)
        {
            var node = JsonText.Of(authority);
            node["issuers"] = JsonText.Of(issuers);
            context.Printer.Document(node);
            return ExitCodes.Ok;
        }
        context.Printer.Fields(Fields(authority, context.Now));
        if (issuers.Count == 0) return ExitCodes.Ok;
        context.Printer.Line("");
        context.Printer.Table(AuthorityText.IssuerColumns, issuers);
        return ExitCodes.Ok;
    }

    private async Task<Authority> FindAsync(CommandContext context)
    {
        if (context.Get(Authority) is { } id)
        {
            var name = Ids.Name(ResourceName.Authorities, id);
            return await context.AboutAsync(name, new AuthorityService.AuthorityServiceClient(context.Server).GetAuthorityAsync(new() { Name = name }, context.Call));
        }
        var all = await new PagedList<Authority>(List.Pages(context), int.MaxValue).ToListAsync();
        var issuing = all.Where(a => a.Purpose == V1.Authority.Types.Purpose.Issuing).ToList();
        if (issuing.Count > 1) issuing = [.. issuing.Where(a => a.State == KeyState.Active)];
        return issuing switch
        {
            [var one] => one,
            [] => throw CliFailure.NotFound("no authority issues for names", "'grpcca authority list' shows them all"),
            _ => throw CliFailure.Usage("several authorities issue for names: say which", "one of " + string.Join(", ", issuing.Select(a => Ids.Short(a.Name)))),
        };
    }

    private static IEnumerable<Field> Fields(Authority a, DateTimeOffset now) =>
    [
        new("Authority", Ids.Short(a.Name)),
        new("Name", a.DisplayName),
        new("Purpose", AuthorityText.Purpose(a)),
        new("State", AuthorityText.State(a.State)),
        new("Root subject", a.RootSubject),
        new("Root SHA-256", a.RootSha256),
        new("Root expires", When.FormatWithDistance(a.RootExpireTime, now)),
        new("Permitted names", Cell.Of(a.PermittedNames, "all (no name constraints)")),
        new("Revocation URL", a.RevocationBaseUrl),
        new("Created", Cell.Of(a.CreateTime)),
    ];
}
