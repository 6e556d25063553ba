using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate list</c></summary>
internal sealed class List : ListVerb<Certificate>
{
    public List() : base("Certificates, newest first.")
    {
        Add(NameFilter);
        Add(State);
        Add(Provisioner);
        Add(Account);
        Add(ExpiresBefore);
    }

    public Option<string?> NameFilter { get; } = new("--name") { Description = "Only those for this dns name or address", HelpName = "NAME" };

    public Option<string?> State { get; } = new Option<string?>("--state") { Description = "Only those in this state", HelpName = "valid|revoked|expired" }
        .OneOf("valid", "revoked", "expired");

    public Option<string?> Provisioner { get; } = new("--provisioner", "-p") { Description = "Only those asked for there", HelpName = "ID" };

    public Option<string?> Account { get; } = new("--account") { Description = "Only those of this ACME account", HelpName = "ID" };

    public Option<string?> ExpiresBefore { get; } = new("--expires-before")
    {
        Description = "Only those that end before a date (2026-12-31), a time, or a span from now (7d)",
        HelpName = "WHEN",
    };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca certificate list --name nas.net.gq",
        "grpcca certificate list --state valid --expires-before 7d --output json",
        "grpcca certificate list --provisioner nixos --limit 1000",
    ];

    protected override string Member => "certificates";

    protected override IReadOnlyList<Column<Certificate>> Columns(CommandContext context) =>
    [
        new("Serial", c => Ids.Short(c.Name)),
        new("State", c => CertificateText.State(c)),
        new("Names", c => Cell.Of(CertificateText.Names(c)), Wraps: true),
        new("Expires", c => Cell.Of(c.ExpireTime)),
        new("Provisioner", c => Ids.Short(c.Provisioner)),
        new("Profile", c => Ids.Short(c.Profile)),
        new("Account", c => Ids.Short(c.Account), WideOnly: true),
        new("Gateway", c => Ids.Short(c.Gateway), WideOnly: true),
        new("Key", c => c.KeyType, WideOnly: true),
        new("Issuer", c => c.Issuer, WideOnly: true),
    ];

    protected override Func<int, string, Task<Page<Certificate>>> Fetch(CommandContext context)
    {
        var filter = FilterOf(context).ToString();
        var client = new CertificateService.CertificateServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListCertificatesAsync(new() { PageSize = size, PageToken = token, Filter = filter }, context.Call);
            return new(page.Certificates, page.NextPageToken);
        };
    }

    private Filter FilterOf(CommandContext context) => new Filter()
        .Equal("identifier", context.Get(NameFilter) is { } name ? Ids.Identifier(name) : null)
        .EqualWord("state", context.Get(State)?.ToUpperInvariant())
        .Equal("provisioner", Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner)))
        .Equal("account", Ids.NameOrNull(ResourceName.Accounts, context.Get(Account)))
        .Before("expire_time", context.GetTime(ExpiresBefore));
}
