using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary><c>grpcca provisioner show NAME</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One provisioner, with how it validates.") => Add(Provisioner);

    public Argument<string> Provisioner { get; } = new("name") { Description = "The provisioner's id" };

    public override IReadOnlyList<string> Examples => ["grpcca provisioner show acme", "grpcca provisioner show nixos -o json"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Provisioners, context.Get(Provisioner));
        var client = new ProvisionerService.ProvisionerServiceClient(context.Server);
        var provisioner = await context.AboutAsync(name, client.GetProvisionerAsync(new() { Name = name }, context.Call));
        context.Printer.One(provisioner, Fields(provisioner));
        return ExitCodes.Ok;
    }

    private static IEnumerable<Field> Fields(Provisioner p)
    {
        yield return new("Provisioner", Ids.Short(p.Name));
        yield return new("Description", p.DisplayName);
        yield return new("Kind", ProvisionerText.Kind(p));
        yield return new("State", ProvisionerText.State(p));
        yield return new("Authority", Ids.Short(p.Authority));
        yield return new("Default profile", Ids.Short(p.DefaultProfile));
        if (p.KindCase == V1.Provisioner.KindOneofCase.Acme)
        {
            yield return new("Challenges", Cell.Of(p.Acme.Challenges, "http-01"));
            yield return new("http-01 port", Cell.Of(p.Acme.Http01Port, "the server's (80 by default)"));
            yield return new("tls-alpn-01 port", Cell.Of(p.Acme.TlsAlpn01Port, "the server's (443 by default)"));
            yield return new("Ranges", Cell.Of(p.Acme.Ranges, "the server's"));
            yield return new("Order lifetime", Cell.Of(p.Acme.OrderLifetime, "24h"));
            yield return new("Authorization reuse", Cell.Of(p.Acme.AuthorizationReuse, "24h"));
            yield return new("Terms of service", p.Acme.TermsOfServiceUrl);
            yield return new("Website", p.Acme.WebsiteUrl);
        }
        yield return new("Created", Cell.Of(p.CreateTime));
        yield return new("Updated", Cell.Of(p.UpdateTime));
        yield return new("Etag", p.Etag);
    }
}
