using System.CommandLine;
using GrpcCa.AdminCli.Commands.Fields;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Operators;

/// <summary><c>grpcca operator update ID</c>: only the fields that are given.</summary>
internal sealed class Update : Verb
{
    private readonly UpdateOptions<Operator> options;

    public Update() : base("update", "Changes an operator's role or the provisioners it acts on, from its next call on. A list that is given replaces the old one.")
    {
        var settings = new SettingList<Operator>();
        settings.Text("role", "--role", "ROLE", "auditor, issuer, operator or owner", (o, role) => o.Role = OperatorText.Role(role), clearable: false);
        settings.Texts("provisioners", "--provisioner", "ID", "For an issuer or operator: the only provisioners it acts on",
            (o, ids) => o.Provisioners.Add(ids.Select(p => Ids.Name(ResourceName.Provisioners, p))));
        options = new(settings);
        Add(Operator);
        options.AddTo(this);
    }

    public Argument<string> Operator { get; } = new("id") { Description = "The operator's id" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca operator update alice --role issuer --provisioner acme",
        "grpcca operator update alice --clear provisioner",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Operators, context.Get(Operator));
        var client = new OperatorService.OperatorServiceClient(context.Server);
        var etag = context.Get(options.Etag) ?? (await context.AboutAsync(name, client.GetOperatorAsync(new() { Name = name }, context.Call))).Etag;
        var next = new Operator { Name = name, Etag = etag };
        var mask = options.Mask(context, next);
        var changed = await context.AboutAsync(name, client.UpdateOperatorAsync(new() { Operator = next, UpdateMask = mask }, context.Call));
        context.Printer.One(changed, OperatorText.Fields(changed, context.Now));
        return ExitCodes.Ok;
    }
}
