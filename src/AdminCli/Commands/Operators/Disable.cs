using System.CommandLine;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Operators;

/// <summary><c>grpcca operator disable ID</c></summary>
internal sealed class Disable : Verb
{
    public Disable() : base("disable", "Refuses an operator from the next call on.") => Add(Operator);

    public Argument<string> Operator { get; } = new("id") { Description = "The operator's id" };

    public override IReadOnlyList<string> Examples => ["grpcca operator disable alice"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Operators, context.Get(Operator));
        var client = new OperatorService.OperatorServiceClient(context.Server);
        var person = await context.AboutAsync(name, client.DisableOperatorAsync(new() { Name = name }, context.Call));
        context.Printer.One(person, OperatorText.Fields(person, context.Now));
        return ExitCodes.Ok;
    }
}
