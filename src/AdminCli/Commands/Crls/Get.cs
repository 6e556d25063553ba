using System.CommandLine;
using System.Security.Cryptography;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Crls;

/// <summary><c>grpcca crl get [ID]</c>: the lists themselves; without an id all of them, as nginx's <c>ssl_crl</c> wants them.</summary>
internal sealed class Get : Verb
{
    public Get() : base("get", "Prints a list as PEM; without an id, all of them one after the other, as nginx's ssl_crl takes them.")
    {
        Add(Crl);
        Add(Out);
        Add(Der);
        Validators.Add(line =>
        {
            if (line.GetValue(Der) && (line.GetValue(Out) is null || line.GetValue(Crl) is null)) line.AddError("--der writes one list to a file: give its id and --out FILE");
        });
    }

    public Argument<string?> Crl { get; } = new("id") { Description = "The list's id", Arity = ArgumentArity.ZeroOrOne };

    public Option<string?> Out { get; } = new("--out") { Description = "Write to this file instead; it is replaced only when all is there", HelpName = "FILE" };

    public Option<bool> Der { get; } = new("--der") { Description = "DER instead of PEM; one list, with --out" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca crl get > crl.pem",
        "grpcca crl get --out /etc/nginx/crl.pem && nginx -s reload",
        "grpcca crl get root-main --der --out root.crl",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var names = context.Get(Crl) is { } id ? [Ids.Name(ResourceName.Crls, id)] : await PublishedAsync(context);
        var lists = new List<Crl>();
        foreach (var name in names)
            lists.Add(await context.AboutAsync(name, new TrustService.TrustServiceClient(context.Server).GetCrlAsync(new() { Name = name }, context.Call)));
        var pem = string.Concat(lists.Select(c => PemEncoding.WriteString("X509 CRL", c.Der.Span) + "\n"));
        if (context.Get(Out) is { } file)
        {
            await WriteAsync(file, context.Get(Der) ? lists[0].Der.Memory : System.Text.Encoding.ASCII.GetBytes(pem), context.Cancel);
            context.Printer.Note($"{string.Join(", ", lists.Select(c => $"{Ids.Short(c.Name)} (number {c.Number})"))} written to {file}");
        }
        else
        {
            context.Printer.Line(pem.TrimEnd('\n'));
        }
        return ExitCodes.Ok;
    }

    private static async Task<IReadOnlyList<string>> PublishedAsync(CommandContext context)
    {
        var all = (await new TrustService.TrustServiceClient(context.Server).ListCrlsAsync(new(), context.Call)).Crls;
        foreach (var missing in all.Where(c => c.Number == 0))
            context.Printer.Note($"{Ids.Short(missing.Name)} is left out: {(missing.Problem.Length > 0 ? missing.Problem : "it is being made")}");
        var names = all.Where(c => c.Number > 0).Select(c => c.Name).ToList();
        return names.Count > 0 ? names : throw CliFailure.NotFound("there is no list yet", "'grpcca crl list' says why");
    }

    // Whoever reads the file meanwhile has the old one whole.
    private static async Task WriteAsync(string file, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var fresh = file + ".new";
        await File.WriteAllBytesAsync(fresh, content, cancel);
        File.Move(fresh, file, overwrite: true);
    }
}
