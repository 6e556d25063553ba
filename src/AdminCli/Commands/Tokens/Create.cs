using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Commands.Certificates;
using GrpcCa.Host;
using GrpcCa.Protocol;

namespace GrpcCa.AdminCli.Commands.Tokens;

/// <summary><c>grpcca token create NAME…</c>: signs a one-time token here; no server is asked.</summary>
internal sealed class Create : Verb
{
    private static readonly TimeSpan UsualLifetime = TimeSpan.FromMinutes(5);

    public Create() : base("create", "Signs a one-time token for a certificate. The key stays here and no server is asked.")
    {
        Add(Names);
        Add(Provisioner);
        Add(Key);
        Add(KeyId);
        Add(Certificate);
        Add(Profile);
        Add(Audience);
        Add(Lifetime);
    }

    public Argument<string[]> Names { get; } = new("dns-name") { Description = "The names that the certificate is to have, all of them: dns names and addresses", Arity = ArgumentArity.OneOrMore };

    public Option<string> Provisioner { get; } = new("--provisioner") { Description = "The provisioner that the token is for, of the kind token, or x5c with --certificate", HelpName = "ID", Required = true };

    public Option<string> Key { get; } = new("--key") { Description = "The private key that signs, PEM", HelpName = "FILE", Required = true };

    public Option<string?> KeyId { get; } = new("--key-id") { Description = "What the provisioner calls the key; its thumbprint when not given", HelpName = "ID" };

    public Option<string?> Certificate { get; } = new("--certificate") { Description = "The key's certificate with those above it, PEM, for a provisioner of the kind x5c", HelpName = "FILE" };

    public Option<string?> Profile { get; } = new("--profile") { Description = "The profile that the certificate is to have; the provisioner's default when not given", HelpName = "ID" };

    public Option<string?> Audience { get; } = new("--audience") { Description = "Where the provisioner wants another one than grpcca:provisioners/ID", HelpName = "TEXT" };

    public Option<TimeSpan?> Lifetime { get; } = new("--lifetime")
    {
        Description = "How long the token is good; 5m when not given, which is the most that provisioners take by default",
        HelpName = "SPAN",
        CustomParser = result =>
        {
            if (result.Tokens is [var token] && ConfigurationReader.TryParseDuration(token.Value, out var span) && span > TimeSpan.Zero) return span;
            result.AddError($"--lifetime takes a span such as 90s or 5m, not '{string.Join(' ', result.Tokens)}'");
            return null;
        },
    };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca token create nas.net.gq --provisioner ci --key ci.key > nas.token",
        "grpcca token create a.net.gq b.net.gq --provisioner ci --key ci.key --key-id build --profile short --lifetime 1m",
        "grpcca token create host.net.gq --provisioner fleet --key host.key --certificate host-chain.crt",
    ];

    protected override Task<int> RunAsync(CommandContext context)
    {
        using var key = KeyFile.Load(context, context.Get(Key));
        var provisioner = Ids.Short(Ids.Name(ResourceName.Provisioners, context.Get(Provisioner)));
        var claims = CompactToken.Claims(provisioner, context.Get(Names), context.Now, context.Get(Lifetime) ?? UsualLifetime);
        if (context.Get(Audience) is { } audience) claims["aud"] = audience;
        if (context.Get(Profile) is { } profile) claims["profile"] = Ids.Short(profile);
        context.Environment.Out.WriteLine(CompactToken.Sign(key, Header(context, key), claims));
        return Task.FromResult(ExitCodes.Ok);
    }

    private JsonObject Header(CommandContext context, System.Security.Cryptography.AsymmetricAlgorithm key)
    {
        if (context.Get(Certificate) is not { } file) return new JsonObject { ["typ"] = "JWT", ["kid"] = context.Get(KeyId) ?? CompactToken.ThumbprintOf(key) };
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(File.ReadAllText(KeyFile.PathOf(context, file)));
        var header = CompactToken.ChainHeader(chain);
        foreach (var certificate in chain) certificate.Dispose();
        return header;
    }
}
