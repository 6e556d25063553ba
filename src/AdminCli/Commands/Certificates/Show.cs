using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate show SERIAL</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One certificate: what it says, who asked for it, where it stands.")
    {
        Add(Serial);
        Add(Pem);
        Add(Story);
        Validators.Add(result =>
        {
            if (result.GetValue(Pem) && result.GetValue(Story)) result.AddError("say --pem or --story, not both");
        });
    }

    public Argument<string> Serial { get; } = new("serial") { Description = "The serial number, hexadecimal" };

    public Option<bool> Pem { get; } = new("--pem") { Description = "Print the chain as PEM and nothing else: leaf first, without the root" };

    public Option<bool> Story { get; } = new("--story")
    {
        Description = "Also how it came to be: the signed requests, the account, the validation, the plan of the signature, the audit",
    };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca certificate show 5f3a90c1d2e4b6a7",
        "grpcca certificate show 5f3a90c1d2e4b6a7 --pem > chain.pem",
        "grpcca certificate show 5f3a90c1d2e4b6a7 --story",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Certificate(context.Get(Serial));
        var client = new CertificateService.CertificateServiceClient(context.Server);
        if (context.Get(Story))
        {
            var story = await context.AboutAsync(name, client.GetCertificateStoryAsync(new() { Name = name }, context.Call));
            StoryText.Print(story, context);
            return ExitCodes.Ok;
        }
        var certificate = await context.AboutAsync(name, client.GetCertificateAsync(new() { Name = name }, context.Call));
        if (context.Get(Pem)) context.Environment.Out.Write(certificate.PemChain);
        else context.Printer.One(certificate, Fields(certificate, context.Now));
        return ExitCodes.Ok;
    }

    /// <summary>All there is to tell about a certificate.</summary>
    public static IEnumerable<Field> Fields(Certificate c, DateTimeOffset now)
    {
        yield return new("Serial", Ids.Short(c.Name));
        yield return new("State", CertificateText.State(c));
        yield return new("Names", Cell.Of(c.Identifiers));
        yield return new("Issued", Cell.Of(c.CreateTime));
        yield return new("Not before", Cell.Of(c.StartTime));
        yield return new("Not after", When.FormatWithDistance(c.ExpireTime, now));
        if (c.RevokeTime is not null)
        {
            yield return new("Revoked", Cell.Of(c.RevokeTime));
            yield return new("Reason", CertificateText.Reason(c.RevocationReason));
            if (c.InvalidityTime is not null) yield return new("Invalid since", Cell.Of(c.InvalidityTime));
        }
        yield return new("Issuer", c.Issuer);
        yield return new("Provisioner", Ids.Short(c.Provisioner));
        yield return new("Profile", Ids.Short(c.Profile));
        yield return new("Account", Ids.Short(c.Account));
        yield return new("Order", Ids.Short(c.Order));
        yield return new("Gateway", Ids.Short(c.Gateway));
        if (c.Requester.Length > 0) yield return new("Requester", c.Requester);
        if (c.Renews.Length > 0) yield return new("Renews", Ids.Short(c.Renews));
        if (c.RenewedThrough.Length > 0) yield return new("Renewed through", Ids.Short(c.RenewedThrough));
        yield return new("Key type", c.KeyType);
        yield return new("Key SHA-256", c.PublicKeySha256);
    }
}
