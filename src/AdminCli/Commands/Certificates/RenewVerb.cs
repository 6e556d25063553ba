using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.AdminCli.Output;
using GrpcCa.Host;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate renew|rekey FILE</c>: by possession of the key; nobody has to log in.</summary>
internal sealed class RenewVerb : Verb
{
    private readonly bool newKey;

    private RenewVerb(string name, string description, bool newKey) : base(name, description)
    {
        this.newKey = newKey;
        Add(Certificate);
        Add(Key);
        Add(Within);
        Add(Provisioner);
        Add(Audience);
        Add(Trust);
        Add(DryRun);
    }

    public Argument<string> Certificate { get; } = new("file") { Description = "The certificate, PEM; it is replaced by the new chain" };

    public Option<string> Key { get; } = new("--key") { Description = "Its private key, PEM", HelpName = "FILE", Required = true };

    public Option<TimeSpan?> Within { get; } = new("--within")
    {
        Description = "Only when it expires within this span; else nothing is done, which is no failure: for timers",
        HelpName = "SPAN",
        CustomParser = result =>
        {
            if (result.Tokens is [var token] && ConfigurationReader.TryParseDuration(token.Value, out var span)) return span;
            result.AddError($"--within takes a span such as 8h or 30d, not '{string.Join(' ', result.Tokens)}'");
            return null;
        },
    };

    public Option<string?> Provisioner { get; } = new("--provisioner") { Description = "The provisioner that renews; the only one that renews such certificates when not given", HelpName = "ID" };

    public Option<string?> Audience { get; } = new("--audience") { Description = "Where the provisioner wants another one than grpcca:renewal", HelpName = "TEXT" };

    public Option<string?> Trust { get; } = TrustOption.New();

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    public static RenewVerb Renew() => new("renew", "Renews a certificate by possession of its key: the same names, the same key.", newKey: false);

    public static RenewVerb Rekey() => new("rekey", "Gets a certificate for the same names and a new key, by possession of the old one.", newKey: true);

    public override IReadOnlyList<string> Examples => newKey
        ? ["grpcca certificate rekey nas.net.gq.crt --key nas.net.gq.key", "grpcca certificate rekey nas.net.gq.crt --key nas.net.gq.key --within 8h --server ca.net.gq:14443 --trust 3b0c…"]
        : ["grpcca certificate renew nas.net.gq.crt --key nas.net.gq.key", "grpcca certificate renew nas.net.gq.crt --key nas.net.gq.key --within 8h --server ca.net.gq:14443 --trust 3b0c…"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        using var old = CertificateFiles.LoadLeaf(context, context.Get(Certificate));
        var end = new DateTimeOffset(old.NotAfter.ToUniversalTime());
        if (context.Get(Within) is { } within && end - context.Now > within)
        {
            context.Printer.Note($"it is valid until {When.FormatWithDistance(Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(end), context.Now)}: nothing was done");
            return ExitCodes.Ok;
        }
        using var key = KeyFile.Load(context, context.Get(Key));
        await TrustOption.ConnectAsync(context, Trust);
        var made = newKey ? await RekeyAsync(context, old, key) : await RenewAsync(context, old, key);
        context.Printer.One(made, Show.Fields(made, context.Now));
        context.Printer.Note(context.Get(DryRun) ? "dry run: nothing was changed" : $"the chain is in {context.Get(Certificate)}{(newKey ? $", the new key in {context.Get(Key)}" : "")}");
        return ExitCodes.Ok;
    }

    private async Task<Certificate> RenewAsync(CommandContext context, X509Certificate2 old, AsymmetricAlgorithm key)
    {
        var name = CertificateFiles.NameOf(old);
        var made = await Client(context).RenewCertificateAsync(new RenewCertificateRequest
        {
            Name = name,
            Proof = CompactToken.Prove(key, name, "RenewCertificate", null, context.Get(Audience), context.Now),
            Provisioner = Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner)) ?? "",
            RequestId = context.Get(DryRun) ? "" : CommandContext.NewRequestId(),
            ValidateOnly = context.Get(DryRun),
        }, context.Call);
        if (!context.Get(DryRun)) CertificateFiles.Save(context, context.Get(Certificate), made.PemChain);
        return made;
    }

    private async Task<Certificate> RekeyAsync(CommandContext context, X509Certificate2 old, AsymmetricAlgorithm key)
    {
        var name = CertificateFiles.NameOf(old);
        using var next = KeyFile.MakeLike(key);
        var csr = SigningRequest.Of(next, NamesOf(old));
        // The new key is safe before anything is signed for it; the old pair stays in place until the new one is whole.
        var kept = context.Get(Key) + ".new";
        if (!context.Get(DryRun)) KeyFile.Save(context, kept, next);
        Certificate made;
        try
        {
            made = await Client(context).RekeyCertificateAsync(new RekeyCertificateRequest
            {
                Name = name,
                Csr = ByteString.CopyFrom(csr),
                Proof = CompactToken.Prove(key, name, "RekeyCertificate", csr, context.Get(Audience), context.Now),
                Provisioner = Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner)) ?? "",
                RequestId = context.Get(DryRun) ? "" : CommandContext.NewRequestId(),
                ValidateOnly = context.Get(DryRun),
            }, context.Call);
        }
        catch (RpcException)
        {
            File.Delete(KeyFile.PathOf(context, kept));
            throw;
        }
        if (context.Get(DryRun)) return made;
        CertificateFiles.Save(context, context.Get(Certificate), made.PemChain);
        File.Move(KeyFile.PathOf(context, kept), KeyFile.PathOf(context, context.Get(Key)), overwrite: true);
        return made;
    }

    private static CertificateService.CertificateServiceClient Client(CommandContext context) => new(context.Server);

    private static IEnumerable<string> NamesOf(X509Certificate2 certificate) => certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
        .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())));
}
