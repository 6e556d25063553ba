using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Crls;

/// <summary><c>grpcca crl import FILE</c>: the list of a root whose key is elsewhere.</summary>
internal sealed class Import : Verb
{
    private const string Label = "X509 CRL";

    public Import() : base("import", "Publishes a list that was signed elsewhere: that of an imported root, whose key is not here.") => Add(FilePath);

    public Argument<string> FilePath { get; } = new("file") { Description = "The list, PEM or DER" };

    public override IReadOnlyList<string> Examples => ["grpcca crl import root.crl"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var path = context.Get(FilePath);
        if (!File.Exists(path)) throw CliFailure.Usage($"there is no file '{path}'");
        var request = new ImportCrlRequest { Der = UnsafeByteOperations.UnsafeWrap(Decode(await File.ReadAllBytesAsync(path, context.Cancel), path)) };
        var crl = await new AuthorityService.AuthorityServiceClient(context.Server).ImportCrlAsync(request, context.Call);
        context.Printer.One(crl, CrlText.Fields(crl, context.Now));
        return ExitCodes.Ok;
    }

    private static byte[] Decode(byte[] content, string path)
    {
        // DER: a SEQUENCE with a long length, which no text begins with.
        if (content is [0x30, >= 0x80, ..]) return content;
        var text = Encoding.Latin1.GetString(content);
        if (PemEncoding.TryFind(text, out var fields) && text[fields.Label] == Label) return Convert.FromBase64String(text[fields.Base64Data]);
        throw CliFailure.Usage($"'{path}' is no revocation list, neither PEM ({Label}) nor DER");
    }
}
