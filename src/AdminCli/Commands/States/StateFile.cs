using System.CommandLine;
using Grpc.Core;
using GrpcCa.AdminCli.Documents;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.States;

/// <summary>A file of declarative state on the command line: reading it, and having the server plan it.</summary>
internal sealed class StateFile(string description)
{
    private const string Standard = "-";

    private const int LargestFile = 1024 * 1024;

    public Option<string> File { get; } = new("--file", "-f") { Description = description, HelpName = "FILE", Required = true };

    public async Task<string> TextAsync(CommandContext context)
    {
        var name = context.Get(File);
        if (name == Standard) return await context.Environment.In.ReadToEndAsync();
        var path = Path.Combine(context.Environment.WorkingDirectory, name);
        var file = new FileInfo(path);
        if (!file.Exists) throw CliFailure.Usage($"there is no file '{name}'");
        if (file.Length > LargestFile) throw CliFailure.Usage($"'{name}' has {file.Length} bytes; at most {LargestFile} are taken");
        return await System.IO.File.ReadAllTextAsync(path);
    }

    /// <summary>What the document would change; every mistake of it at once, the file's own and those the server finds.</summary>
    public async Task<StatePlan> PlanAsync(
        CommandContext context, StateService.StateServiceClient client, StateDocument document, IEnumerable<StateCollection> prune, bool force)
    {
        try
        {
            var plan = await client.PlanStateAsync(new PlanStateRequest { State = document.State, Prune = { prune }, Force = force }, context.Call);
            return document.HasFaults ? throw document.Failure([]) : plan;
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.InvalidArgument && context.FailureOf(refused).Fields is { Count: > 0 } fields)
        {
            throw document.Failure(fields);
        }
        // The file's own mistakes can be told without a server.
        catch (RpcException) when (document.HasFaults)
        {
            throw document.Failure([]);
        }
    }
}
