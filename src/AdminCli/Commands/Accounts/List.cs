using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Accounts;

/// <summary><c>grpcca account list</c></summary>
internal sealed class List : ListVerb<Account>
{
    public List() : base("ACME accounts, oldest first.")
    {
        Add(Provisioner);
        Add(State);
        Add(EabKey);
        Add(Contact);
        Add(Thumbprint);
    }

    public Option<string?> Provisioner { get; } = new("--provisioner", "-p") { Description = "Only those of this provisioner", HelpName = "ID" };

    public Option<string?> State { get; } = new Option<string?>("--state") { Description = "Only those in this state", HelpName = "valid|paused|deactivated|revoked" }
        .OneOf("valid", "paused", "deactivated", "revoked");

    public Option<string?> EabKey { get; } = new("--eab-key") { Description = "Only those that this key bound", HelpName = "ID" };

    public Option<string?> Contact { get; } = new("--contact") { Description = "Only those with this mail address", HelpName = "ADDRESS" };

    public Option<string?> Thumbprint { get; } = new("--key-thumbprint") { Description = "Only the one of this key: base64url SHA-256 (RFC 7638)", HelpName = "TEXT" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca account list",
        "grpcca account list --provisioner acme --state paused",
        "grpcca account list --contact me@net.gq --limit 1000 -o json",
    ];

    protected override string Member => "accounts";

    protected override IReadOnlyList<Column<Account>> Columns(CommandContext context) =>
    [
        new("Account", a => Ids.Short(a.Name)),
        new("State", a => AccountText.State(a)),
        new("Provisioner", a => Ids.Short(a.Provisioner)),
        new("Contacts", a => Cell.Of(a.Contacts), Wraps: true),
        new("EAB key", a => Ids.Short(a.EabKey), WideOnly: true),
        new("Key thumbprint", a => a.KeyThumbprint, WideOnly: true),
        new("Created", a => Cell.Of(a.CreateTime)),
    ];

    protected override Func<int, string, Task<Page<Account>>> Fetch(CommandContext context)
    {
        var filter = new Filter()
            .Equal("provisioner", Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner)))
            .EqualWord("state", context.Get(State)?.ToUpperInvariant())
            .Equal("eab_key", Ids.NameOrNull(ResourceName.EabKeys, context.Get(EabKey)))
            .Equal("contact", context.Get(Contact) is { } address ? (address.Contains(':', StringComparison.Ordinal) ? address : "mailto:" + address) : null)
            .Equal("key_thumbprint", context.Get(Thumbprint)).ToString();
        var client = new AccountService.AccountServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListAccountsAsync(new() { PageSize = size, PageToken = token, Filter = filter }, context.Call);
            return new(page.Accounts, page.NextPageToken);
        };
    }
}
