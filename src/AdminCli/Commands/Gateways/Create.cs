using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Gateways;

/// <summary><c>grpcca gateway create ID</c>: the join token is the last line of the output, shown this once.</summary>
internal sealed class Create : Verb
{
    public Create() : base("create", "Adds a gateway and prints its one-time join token, alone on the last line.")
    {
        Add(Gateway);
        Add(BaseUrls);
        Add(TlsNames);
        Add(Provisioners);
        Add(DryRun);
    }

    public Argument<string> Gateway { get; } = new("id") { Description = "1 to 63 of a-z, 0-9 and hyphen, starting with a letter" };

    public Option<string[]> BaseUrls { get; } = new("--base-url")
    {
        Description = "Origins clients may use; the first is the preferred one",
        HelpName = "URL",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<string[]> TlsNames { get; } = GatewayOptions.TlsNames();

    public Option<string[]> Provisioners { get; } = GatewayOptions.Provisioners();

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca gateway create home --base-url https://ca.net.gq",
        "grpcca gateway create lab --base-url https://ca.lab.net.gq https://ca:8443 --tls-name ca.lab.net.gq --provisioner acme",
        "grpcca gateway create home --base-url https://ca.net.gq | tail -n 1 > join.token",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Gateways, context.Get(Gateway));
        var dryRun = context.Get(DryRun);
        var request = new CreateGatewayRequest
        {
            GatewayId = Ids.Short(name),
            Gateway = new Gateway(),
            RequestId = dryRun ? "" : CommandContext.NewRequestId(),
            ValidateOnly = dryRun,
        };
        request.Gateway.BaseUrls.Add(context.Get(BaseUrls).Select(GatewayOptions.BaseUrl));
        request.Gateway.TlsNames.Add(context.Get(TlsNames));
        request.Gateway.Provisioners.Add(context.Get(Provisioners).Select(p => Ids.Name(ResourceName.Provisioners, p)));
        var made = await new GatewayService.GatewayServiceClient(context.Server).CreateGatewayAsync(request, context.Call);
        if (context.Printer.IsDocument)
        {
            context.Printer.Document(JsonText.Of(made));
            return ExitCodes.Ok;
        }
        context.Printer.Fields([.. GatewayText.Fields(made.Gateway, context.Now), new("Token until", When.FormatWithDistance(made.TokenExpireTime, context.Now))]);
        if (dryRun) context.Printer.Note("dry run: nothing was changed");
        else TokenText.Write(context, made.JoinToken, "join token, good once; give it to grpcca-gateway:");
        return ExitCodes.Ok;
    }
}
