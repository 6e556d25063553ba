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
        selection.AddTo(this);
        Add(State);
        Add(Profile);
        Add(ExpiresBefore);
        Add(IssuedSince);
        Add(RevokedSince);
        Add(Sort);
    }

    private readonly Selection selection = new();
    private DepartedCertificates? departed;

    public Option<string?> State { get; } = new Option<string?>("--state") { Description = "Only those in this state", HelpName = "valid|revoked|expired" }
        .OneOf("valid", "revoked", "expired");

    public Option<string?> Profile { get; } = new("--profile") { Description = "Only those of this profile", HelpName = "ID" };

    public Option<string?> ExpiresBefore { get; } = new("--expires-before")
    {
        Description = "Only those that end before a date (2026-12-31), a time, or a span from now (7d)",
        HelpName = "WHEN",
    };

    public Option<string?> IssuedSince { get; } = new("--issued-since") { Description = "Only those issued since a date, a time, or a span back (12h)", HelpName = "WHEN" };

    public Option<string?> RevokedSince { get; } = new("--revoked-since") { Description = "Only those revoked since a date, a time, or a span back (12h)", HelpName = "WHEN" };

    public Option<string> Sort { get; } = new Option<string>("--sort")
    {
        Description = "newest or oldest first, or by expiry: next or last to end first",
        HelpName = "newest|oldest|expiry|latest-expiry",
        DefaultValueFactory = _ => "newest",
    }.OneOf("newest", "oldest", "expiry", "latest-expiry");

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca certificate list --name nas.net.gq",
        "grpcca certificate list --state valid --expires-before 7d --sort expiry --output json",
        "grpcca certificate list --provisioner nixos --gateway home --issued-since 24h --limit 1000",
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

    // A list that is not all there is says so.
    protected override string? Remark => departed is null ? null
        : $"certificates that ended by {Cell.Of(departed.EndedUntil).Text} have left the store: {departed.ArchivedCount} into the archive, {departed.DeletedCount} for good";

    protected override Func<int, string, Task<Page<Certificate>>> Fetch(CommandContext context)
    {
        var filter = FilterOf(context).ToString();
        var order = context.Get(Sort) switch
        {
            "oldest" => "create_time",
            "expiry" => "expire_time",
            "latest-expiry" => "expire_time desc",
            _ => "",
        };
        var client = new CertificateService.CertificateServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListCertificatesAsync(new() { PageSize = size, PageToken = token, Filter = filter, OrderBy = order }, context.Call);
            // Whoever asks for those that are valid misses none.
            departed = context.Get(State) == "valid" ? null : page.Departed;
            return new(page.Certificates, page.NextPageToken);
        };
    }

    private Filter FilterOf(CommandContext context) => selection.AddTo(new Filter(), context)
        .EqualWord("state", context.Get(State)?.ToUpperInvariant())
        .Equal("profile", Ids.NameOrNull(ResourceName.Profiles, context.Get(Profile)))
        .Before("expire_time", context.GetTime(ExpiresBefore))
        .NotBefore("create_time", context.GetPastTime(IssuedSince))
        .NotBefore("revoke_time", context.GetPastTime(RevokedSince));
}
