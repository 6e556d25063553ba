using System.CommandLine;
using System.CommandLine.Parsing;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary>Which certificates are meant, by what they have in common; the same words wherever certificates are chosen.</summary>
internal sealed class Selection
{
    public Option<string?> Name { get; } = new("--name") { Description = "Only those for this dns name or address", HelpName = "NAME" };

    public Option<string?> Provisioner { get; } = new("--provisioner", "-p") { Description = "Only those asked for there", HelpName = "ID" };

    public Option<string?> Account { get; } = new("--account") { Description = "Only those of this ACME account", HelpName = "ID" };

    public Option<string?> Gateway { get; } = new("--gateway") { Description = "Only those asked for through this gateway", HelpName = "ID" };

    public Option<string?> Authority { get; } = new("--authority", "-a") { Description = "Only those of this authority", HelpName = "ID" };

    public Option<string?> Key { get; } = new("--key-sha256") { Description = "Only those of this key: SHA-256 of its SubjectPublicKeyInfo, hexadecimal", HelpName = "HEX" };

    private Option<string?>[] All => [Name, Provisioner, Account, Gateway, Authority, Key];

    public void AddTo(Command command)
    {
        foreach (var option in All) command.Add(option);
    }

    /// <summary>Whether any was written.</summary>
    public bool IsGiven(CommandResult result) => Array.Exists(All, option => result.GetResult(option) is not null);

    /// <summary>As the API's selector.</summary>
    public CertificateSelector ToSelector(CommandContext context) => new()
    {
        Identifier = context.Get(Name) is { } name ? Ids.Identifier(name) : "",
        Provisioner = Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner)) ?? "",
        Account = Ids.NameOrNull(ResourceName.Accounts, context.Get(Account)) ?? "",
        Gateway = Ids.NameOrNull(ResourceName.Gateways, context.Get(Gateway)) ?? "",
        Authority = Ids.NameOrNull(ResourceName.Authorities, context.Get(Authority)) ?? "",
        PublicKeySha256 = context.Get(Key) ?? "",
    };

    /// <summary>Adds to a filter what was written.</summary>
    public Filter AddTo(Filter filter, CommandContext context) => filter
        .Equal("identifier", context.Get(Name) is { } name ? Ids.Identifier(name) : null)
        .Equal("provisioner", Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner)))
        .Equal("account", Ids.NameOrNull(ResourceName.Accounts, context.Get(Account)))
        .Equal("gateway", Ids.NameOrNull(ResourceName.Gateways, context.Get(Gateway)))
        .Equal("authority", Ids.NameOrNull(ResourceName.Authorities, context.Get(Authority)))
        .Equal("public_key_sha256", context.Get(Key));
}
