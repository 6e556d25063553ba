using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace GrpcCa.AdminCli.Commands;

/// <summary>The usual help, then examples; the root adds its exit codes and variables.</summary>
internal sealed class ExampleHelp(HelpAction usual) : SynchronousCommandLineAction
{
    public static readonly IReadOnlyList<(string Name, string Meaning)> Variables =
    [
        ("GRPCCA_SERVER", "address of the control plane, when --server is not given"),
        ("GRPCCA_IDENTITY", "directory of the client certificate, when --identity is not given"),
        ("GRPCCA_CONTEXT", "name of a context, when neither --context nor a server is given"),
        ("NO_COLOR", "never colour the output"),
    ];

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command;
        // The usual help keeps silent about hidden commands; who asks by name shall be told.
        if (command.Hidden) output.WriteLine($"Description:\n  {command.Description}\n");
        if (command is IExampled exampled)
        {
            output.WriteLine("Examples:");
            foreach (var example in exampled.Examples) output.WriteLine("  " + example);
        }
        if (command is RootCommand)
        {
            output.WriteLine();
            output.WriteLine("Exit codes:");
            foreach (var (code, meaning) in ExitCodes.All) output.WriteLine($"  {code,-4} {meaning}");
            output.WriteLine();
            output.WriteLine("Variables:");
            foreach (var (name, meaning) in Variables) output.WriteLine($"  {name,-15}  {meaning}");
        }
        return ExitCodes.Ok;
    }
}
