using GrpcCa.AdminCli.Documents;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.States;

/// <summary><c>grpcca export</c>: the configuration as the file that <c>grpcca apply</c> reads.</summary>
internal sealed class ExportVerb() : Verb("export", "Prints profiles, provisioners, name rules and gateways as a file for 'grpcca apply': YAML, or JSON with --output json.")
{
    public override IReadOnlyList<string> Examples => ["grpcca export > state.yaml", "grpcca export -o json | jq '.provisioners[].name'"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var state = await new StateService.StateServiceClient(context.Server).ExportStateAsync(new ExportStateRequest(), context.Call);
        var document = MessageWriter.Write(state);
        if (context.Printer.IsDocument) context.Printer.Document(document);
        else context.Printer.Line(YamlText.Format(document));
        return ExitCodes.Ok;
    }
}
