using System.CommandLine;
using System.CommandLine.Invocation;
using GrpcCa.AdminCli.Commands;
using GrpcCa.AdminCli.Output;

namespace GrpcCa.AdminCli;

/// <summary>One run of the program: parse, report what is wrong with the line, else let the command do its work.</summary>
internal static class CliApp
{
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliEnvironment environment, CancellationToken cancel = default)
    {
        var root = new RootNoun();
        var line = root.Parse(args.Count == 0 ? ["--help"] : args);
        if (line.Action is ParseErrorAction) return UsageReport.Write(line, root.Globals, environment);
        var invocation = new CliInvocation(environment, root.Globals)
        {
            Output = environment.Out,
            Error = environment.Error,
            EnableDefaultExceptionHandler = false,
        };
        return await line.InvokeAsync(invocation, cancel);
    }
}

/// <summary>Carries the environment through System.CommandLine to the command that was chosen.</summary>
internal sealed class CliInvocation(CliEnvironment environment, GlobalOptions globals) : InvocationConfiguration
{
    public CliEnvironment Environment => environment;

    public GlobalOptions Globals => globals;
}
