using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate expiring</c>: what ends soon, the next one first.</summary>
internal sealed class Expiring : ListVerb<Certificate>
{
    private readonly Selection selection = new();

    public Expiring() : base("Valid certificates that end soon, the next one first.", "expiring")
    {
        Add(Within);
        selection.AddTo(this);
    }

    public Option<string?> Within { get; } = new("--within")
    {
        Description = "Only those that end within a span (7d), or before a date or a time",
        HelpName = "WHEN",
        DefaultValueFactory = _ => "7d",
    };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca certificate expiring",
        "grpcca certificate expiring --within 12h --provisioner nixos",
        "grpcca certificate expiring --within 30d --limit 1000 --output json",
    ];

    protected override string Member => "certificates";

    protected override IReadOnlyList<Column<Certificate>> Columns(CommandContext context) =>
    [
        new("Expires", c => When.FormatWithDistance(c.ExpireTime, context.Now)),
        new("Names", c => Cell.Of(CertificateText.Names(c)), Wraps: true),
        new("Serial", c => Ids.Short(c.Name)),
        new("Provisioner", c => Ids.Short(c.Provisioner)),
        new("Account", c => Ids.Short(c.Account)),
        new("Gateway", c => Ids.Short(c.Gateway), WideOnly: true),
        new("Profile", c => Ids.Short(c.Profile), WideOnly: true),
    ];

    protected override Func<int, string, Task<Page<Certificate>>> Fetch(CommandContext context)
    {
        var filter = selection.AddTo(new Filter().EqualWord("state", "VALID").Before("expire_time", context.GetFutureTime(Within)), context).ToString();
        var client = new CertificateService.CertificateServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListCertificatesAsync(new() { PageSize = size, PageToken = token, Filter = filter, OrderBy = "expire_time" }, context.Call);
            return new(page.Certificates, page.NextPageToken);
        };
    }
}
