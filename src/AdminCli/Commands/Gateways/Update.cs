using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Gateways;

/// <summary><c>grpcca gateway update ID</c>: base URLs that go are kept as retired ones, so that account URLs below them still work.</summary>
internal sealed class Update : Verb
{
    public Update() : base("update", "Changes a gateway. A list that is given replaces the old one; base URLs that go are kept as retired.")
    {
        Add(Gateway);
        Add(BaseUrls);
        Add(TlsNames);
        Add(Provisioners);
        Add(Clear);
        Add(Enable);
        Add(Etag);
        Validators.Add(result =>
        {
            if (result.GetResult(BaseUrls) is null && result.GetResult(TlsNames) is null && result.GetResult(Provisioners) is null
                && result.GetResult(Clear) is null && result.GetResult(Enable) is null)
                result.AddError("say what to change: --base-url, --tls-name, --provisioner, --clear or --enable");
        });
    }

    public Argument<string> Gateway { get; } = new("id") { Description = "The gateway's id" };

    public Option<string[]> BaseUrls { get; } = Replacement("--base-url", "URL", "The origins clients may use from now on");

    public Option<string[]> TlsNames { get; } = Replacement("--tls-name", "NAME", "The names and addresses in its own TLS certificate from now on");

    public Option<string[]> Provisioners { get; } = Replacement("--provisioner", "ID", "The provisioners it may serve from now on");

    public Option<string[]> Clear { get; } = Replacement("--clear", "tls-names|provisioners|retired-base-urls", "Lists to empty: empty TLS names are the hosts of the base URLs, empty provisioners are all")
        .OneOf("tls-names", "provisioners", "retired-base-urls");

    public Option<bool> Enable { get; } = new("--enable") { Description = "Accept its calls again after 'gateway disable'" };

    public Option<string?> Etag { get; } = new("--etag") { Description = "Change it only if its etag is still this one", HelpName = "ETAG" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca gateway update home --base-url https://ca.new.net.gq",
        "grpcca gateway update home --provisioner acme nixos",
        "grpcca gateway update home --clear provisioners",
        "grpcca gateway update home --enable",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Gateways, context.Get(Gateway));
        var client = new GatewayService.GatewayServiceClient(context.Server);
        var now = await context.AboutAsync(name, client.GetGatewayAsync(new() { Name = name }, context.Call));
        var request = Request(context, now);
        var changed = await context.AboutAsync(name, client.UpdateGatewayAsync(request, context.Call));
        context.Printer.One(changed, GatewayText.Fields(changed, context.Now));
        return ExitCodes.Ok;
    }

    private UpdateGatewayRequest Request(CommandContext context, Gateway now)
    {
        var next = new Gateway { Name = now.Name, Etag = context.Get(Etag) ?? now.Etag };
        var mask = new SortedSet<string>(StringComparer.Ordinal);
        next.RetiredBaseUrls.Add(now.RetiredBaseUrls);
        foreach (var list in context.Get(Clear))
        {
            mask.Add(list.ToLowerInvariant().Replace('-', '_'));
            if (list.Equals("retired-base-urls", StringComparison.OrdinalIgnoreCase)) next.RetiredBaseUrls.Clear();
        }
        if (context.Has(BaseUrls))
        {
            mask.Add("base_urls");
            mask.Add("retired_base_urls");
            next.BaseUrls.Add(context.Get(BaseUrls).Select(GatewayOptions.BaseUrl));
            var retired = next.RetiredBaseUrls.Concat(now.BaseUrls).Except(next.BaseUrls, StringComparer.Ordinal).Distinct(StringComparer.Ordinal).ToList();
            next.RetiredBaseUrls.Clear();
            next.RetiredBaseUrls.Add(retired);
        }
        if (context.Has(TlsNames))
        {
            mask.Add("tls_names");
            next.TlsNames.Add(context.Get(TlsNames));
        }
        if (context.Has(Provisioners))
        {
            mask.Add("provisioners");
            next.Provisioners.Add(context.Get(Provisioners).Select(p => Ids.Name(ResourceName.Provisioners, p)));
        }
        if (context.Get(Enable)) mask.Add("disabled");
        var request = new UpdateGatewayRequest { Gateway = next, UpdateMask = new FieldMask() };
        request.UpdateMask.Paths.Add(mask);
        return request;
    }

    private static Option<string[]> Replacement(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = true };
}
