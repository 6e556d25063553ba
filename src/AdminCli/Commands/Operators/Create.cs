using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Operators;

/// <summary><c>grpcca operator create ID --role ROLE</c>: the login token is the last line of the output, shown this once.</summary>
internal sealed class Create : Verb
{
    public Create() : base("create", "Adds an operator and prints the one-time login token, alone on the last line.")
    {
        Add(Operator);
        Add(Role);
        Add(Provisioners);
        Add(DryRun);
    }

    public Argument<string> Operator { get; } = new("id") { Description = "1 to 63 of a-z, 0-9 and hyphen, starting with a letter" };

    public Option<string> Role { get; } = new Option<string>("--role")
    {
        Description = "auditor (reads), issuer (issues and revokes), operator (also gateways and names) or owner (everything)",
        HelpName = "ROLE",
        Required = true,
    }.OneOf(OperatorText.RoleWords);

    public Option<string[]> Provisioners { get; } = new("--provisioner", "-p")
    {
        Description = "For an issuer or operator: the only provisioners it acts on; all when not given",
        HelpName = "ID",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    public override IReadOnlyList<string> Examples => ["grpcca operator create alice --role operator", "grpcca operator create deploy --role issuer --provisioner acme", "grpcca operator create backup --role auditor | tail -n 1"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var dryRun = context.Get(DryRun);
        var made = await new OperatorService.OperatorServiceClient(context.Server).CreateOperatorAsync(new CreateOperatorRequest
        {
            OperatorId = Ids.Short(Ids.Name(ResourceName.Operators, context.Get(Operator))),
            Operator = new Operator
            {
                Role = OperatorText.Role(context.Get(Role)),
                Provisioners = { (context.Get(Provisioners) ?? []).Select(p => Ids.Name(ResourceName.Provisioners, p)) },
            },
            RequestId = dryRun ? "" : CommandContext.NewRequestId(),
            ValidateOnly = dryRun,
        }, context.Call);
        if (context.Printer.IsDocument)
        {
            context.Printer.Document(JsonText.Of(made));
            return ExitCodes.Ok;
        }
        context.Printer.Fields([.. OperatorText.Fields(made.Operator, context.Now), new("Token until", When.FormatWithDistance(made.TokenExpireTime, context.Now))]);
        if (dryRun) context.Printer.Note("dry run: nothing was changed");
        else TokenText.Write(context, made.LoginToken, "login token, good once; its owner runs 'grpcca login --token-file FILE':");
        return ExitCodes.Ok;
    }
}
