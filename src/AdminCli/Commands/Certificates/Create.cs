using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.Host;
using GrpcCa.Protocol;
using GrpcCa.V1;
using Option = System.CommandLine.Option;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate create NAME…</c>: makes the key here, asks for the certificate, writes both.</summary>
internal sealed class Create : Verb
{
    public Create() : base("create", "Makes a key here and gets a certificate for it, by a token or as an issuer, operator or owner.")
    {
        Add(Names);
        Add(Provisioner);
        Add(Profile);
        Add(Lifetime);
        Add(KeyType);
        Add(Csr);
        Add(Certificate);
        Add(Key);
        Add(Force);
        Add(TokenFile);
        Add(OidcTokenFile);
        Add(X5cTokenFile);
        Add(Trust);
        Add(DryRun);
        Validators.Add(result =>
        {
            var names = result.GetResult(Names) is { Tokens.Count: > 0 };
            if (names == result.GetResult(Csr) is not null) result.AddError("give the names, or --csr FILE");
            if (new Option[] { TokenFile, OidcTokenFile, X5cTokenFile }.Count(o => result.GetResult(o) is not null) > 1) result.AddError("one token is enough");
        });
    }

    public Argument<string[]> Names { get; } = new("dns-name") { Description = "dns names and addresses of the certificate; the first one names the files", Arity = ArgumentArity.ZeroOrMore };

    public Option<string> Provisioner { get; } = new("--provisioner") { Description = "Through which provisioner", HelpName = "ID", DefaultValueFactory = _ => "acme" };

    public Option<string?> Profile { get; } = new("--profile") { Description = "The profile; the token's, else the provisioner's default when not given", HelpName = "ID" };

    public Option<TimeSpan?> Lifetime { get; } = new("--lifetime")
    {
        Description = "How long it is valid from now; the default lifetime when not given",
        HelpName = "SPAN",
        CustomParser = result =>
        {
            if (result.Tokens is [var token] && ConfigurationReader.TryParseDuration(token.Value, out var span) && span > TimeSpan.Zero) return span;
            result.AddError($"--lifetime takes a span such as 12h or 30d, not '{string.Join(' ', result.Tokens)}'");
            return null;
        },
    };

    public Option<string> KeyType { get; } = new Option<string>("--key-type") { Description = "The key that is made", HelpName = string.Join('|', KeyFile.Types), DefaultValueFactory = _ => "ec-p256" }.OneOf(KeyFile.Types);

    public Option<string?> Csr { get; } = new("--csr") { Description = "A certificate signing request, PEM or DER, instead of names; no key is made", HelpName = "FILE" };

    public Option<string?> Certificate { get; } = new("--certificate") { Description = "Where the chain goes; NAME.crt when not given", HelpName = "FILE" };

    public Option<string?> Key { get; } = new("--key") { Description = "Where the key goes; NAME.key when not given", HelpName = "FILE" };

    public Option<bool> Force { get; } = new("--force") { Description = "Replace files that are there" };

    public Option<string?> TokenFile { get; } = new("--token-file") { Description = "File with a token of a registered key; '-' is standard input", HelpName = "FILE" };

    public Option<string?> OidcTokenFile { get; } = new("--oidc-token-file") { Description = "File with an ID token of an OpenID provider; '-' is standard input", HelpName = "FILE" };

    public Option<string?> X5cTokenFile { get; } = new("--x5c-token-file") { Description = "File with a token signed by a foreign certificate's key; '-' is standard input", HelpName = "FILE" };

    public Option<string?> Trust { get; } = TrustOption.New();

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing and spend no token" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca certificate create nas.net.gq",
        "grpcca certificate create nas.net.gq 100.64.0.7 --provisioner ci --lifetime 12h --token-file nas.token",
        "grpcca token create nas.net.gq --provisioner ci --key ci.key | grpcca certificate create nas.net.gq --provisioner ci --token-file - --server ca.net.gq:14443 --trust 3b0c…",
        "grpcca certificate create --csr router.csr --certificate router.crt",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        await TrustOption.ConnectAsync(context, Trust);
        var dryRun = context.Get(DryRun);
        var names = context.Get(Names);
        var stem = names.Length > 0 ? names[0].Replace("*", "_", StringComparison.Ordinal).Replace(':', '-') : Path.GetFileNameWithoutExtension(context.Get(Csr)!);
        var (certificateFile, keyFile) = (context.Get(Certificate) ?? stem + ".crt", context.Get(Key) ?? stem + ".key");
        if (!dryRun) CertificateFiles.RequireFree(context, certificateFile, context.Get(Force));
        if (names.Length == 0) return await SendAsync(context, ReadCsr(context), certificateFile, null);
        if (!dryRun) CertificateFiles.RequireFree(context, keyFile, context.Get(Force));
        using var key = KeyFile.Make(context.Get(KeyType));
        // The key is safe before anything is signed for it.
        if (!dryRun) KeyFile.Save(context, keyFile, key);
        try
        {
            return await SendAsync(context, SigningRequest.Of(key, names), certificateFile, keyFile);
        }
        catch (Exception fault) when (!dryRun && fault is RpcException or CliFailure)
        {
            File.Delete(KeyFile.PathOf(context, keyFile));
            throw;
        }
    }

    private async Task<int> SendAsync(CommandContext context, byte[] csr, string certificateFile, string? keyFile)
    {
        var dryRun = context.Get(DryRun);
        var request = new CreateCertificateRequest
        {
            Provisioner = Ids.Name(ResourceName.Provisioners, context.Get(Provisioner)),
            Csr = ByteString.CopyFrom(csr),
            Profile = Ids.NameOrNull(ResourceName.Profiles, context.Get(Profile)) ?? "",
            ExpireTime = context.Get(Lifetime) is { } life ? Timestamp.FromDateTimeOffset(context.Now + life) : null,
            RequestId = dryRun ? "" : CommandContext.NewRequestId(),
            ValidateOnly = dryRun,
        };
        if (await ReadTokenAsync(context, TokenFile) is { } token) request.Token = token;
        if (await ReadTokenAsync(context, OidcTokenFile) is { } oidc) request.OidcToken = oidc;
        if (await ReadTokenAsync(context, X5cTokenFile) is { } x5c) request.X5CToken = x5c;
        var made = await new CertificateService.CertificateServiceClient(context.Server).CreateCertificateAsync(request, context.Call);
        if (!dryRun) CertificateFiles.Save(context, certificateFile, made.PemChain);
        context.Printer.One(made, Show.Fields(made, context.Now));
        context.Printer.Note(dryRun ? "dry run: nothing was changed" : keyFile is null ? $"the chain is in {certificateFile}" : $"the chain is in {certificateFile}, the key in {keyFile}");
        return ExitCodes.Ok;
    }

    private byte[] ReadCsr(CommandContext context)
    {
        var file = context.Get(Csr)!;
        var path = KeyFile.PathOf(context, file);
        if (!File.Exists(path)) throw CliFailure.Usage($"there is no file '{file}'");
        var content = File.ReadAllBytes(path);
        // DER: a SEQUENCE with a long length, which no text begins with.
        if (content is [0x30, >= 0x80, ..]) return content;
        var text = System.Text.Encoding.Latin1.GetString(content);
        return PemEncoding.TryFind(text, out var fields) && text[fields.Label].EndsWith("CERTIFICATE REQUEST", StringComparison.Ordinal)
            ? Convert.FromBase64String(text[fields.Base64Data])
            : throw CliFailure.Usage($"'{file}' is no certificate signing request, neither PEM nor DER");
    }

    private static async Task<string?> ReadTokenAsync(CommandContext context, Option<string?> option)
    {
        if (context.Get(option) is not { } file) return null;
        var text = file == "-" ? await context.Environment.In.ReadToEndAsync(context.Cancel)
            : File.Exists(KeyFile.PathOf(context, file)) ? await File.ReadAllTextAsync(KeyFile.PathOf(context, file), context.Cancel)
            : throw CliFailure.Usage($"there is no file '{file}'");
        return text.Trim() is { Length: > 0 } token ? token : throw CliFailure.Usage($"{option.Name} '{file}' is empty");
    }
}

/// <summary>PKCS#10 requests with nothing in them but key and names.</summary>
internal static class SigningRequest
{
    public static byte[] Of(AsymmetricAlgorithm key, IEnumerable<string> names)
    {
        var request = key is ECDsa ec
            ? new CertificateRequest(new X500DistinguishedName(""), ec, HashAlgorithmName.SHA256)
            : new CertificateRequest(new X500DistinguishedName(""), (RSA)key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (System.Net.IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        return request.CreateSigningRequest();
    }
}
