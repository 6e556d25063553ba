using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Operators;

/// <summary><c>grpcca operator show ID</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One operator.") => Add(Operator);

    public Argument<string> Operator { get; } = new("id") { Description = "The operator's id" };

    public override IReadOnlyList<string> Examples => ["grpcca operator show alice"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Operators, context.Get(Operator));
        var client = new OperatorService.OperatorServiceClient(context.Server);
        var person = await context.AboutAsync(name, client.GetOperatorAsync(new() { Name = name }, context.Call));
        context.Printer.One(person, OperatorText.Fields(person, context.Now));
        return ExitCodes.Ok;
    }
}
