using System.CommandLine;
using System.Text.Json.Nodes;
using Grpc.Core;
using GrpcCa.AdminCli.Documents;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.States;

/// <summary><c>grpcca apply -f FILE</c>: shows what would change, then changes it, all of it or nothing.</summary>
internal sealed class ApplyVerb : Verb
{
    private const string Standard = "-";

    private const int LargestFile = 1024 * 1024;

    public ApplyVerb() : base("apply", "Makes profiles, provisioners, name rules and gateways what a file declares, in one transaction or not at all. "
        + "A declared resource is replaced as a whole; what is not declared stays, unless --prune says otherwise.")
    {
        Add(File);
        Add(Prune);
        Add(Force);
        Add(DryRun);
        Add(Yes);
    }

    public Option<string> File { get; } = new("--file", "-f") { Description = "YAML or JSON, as 'grpcca export' writes it; - is standard input", HelpName = "FILE", Required = true };

    public Option<bool> Prune { get; } = new("--prune")
    {
        Description = "In the collections that the file has: delete profiles and provisioners, disable gateways and remove name rules that it does not declare",
    };

    public Option<bool> Force { get; } = new("--force") { Description = "With --prune: delete provisioners also while certificates of them are valid; these stay valid" };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Print the plan, change nothing" };

    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask before something is deleted or disabled" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca apply -f state.yaml --dry-run",
        "grpcca apply -f state.yaml",
        "grpcca apply -f state.yaml --prune --yes",
        "grpcca export | grpcca apply -f - --dry-run",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var document = StateDocument.Read(context.Get(File), await TextAsync(context));
        var prune = context.Get(Prune) ? Collections(document) : [];
        var client = new StateService.StateServiceClient(context.Server);
        var plan = await PlanAsync(context, client, document, prune);
        if (!context.Printer.IsDocument) PlanText.Write(context.Printer, plan);
        if (!context.Get(DryRun) && plan.Changes.Count > 0)
        {
            if (PlanText.TakesAway(plan) && !context.Get(Yes)) Confirm(context);
            plan = await client.ApplyStateAsync(new ApplyStateRequest
            {
                State = document.State, Prune = { prune }, Force = context.Get(Force), PlanEtag = plan.Etag, RequestId = CommandContext.NewRequestId(),
            }, context.Call);
        }
        if (context.Printer.IsDocument) context.Printer.Document(new JsonObject { ["plan"] = JsonText.Of(plan), ["applied"] = !context.Get(DryRun) });
        if (context.Get(DryRun)) context.Printer.Note("dry run: nothing was changed");
        else if (plan.Changes.Count > 0) context.Printer.Note("applied");
        return ExitCodes.Ok;
    }

    private async Task<StatePlan> PlanAsync(CommandContext context, StateService.StateServiceClient client, StateDocument document, IEnumerable<StateCollection> prune)
    {
        try
        {
            var plan = await client.PlanStateAsync(new PlanStateRequest { State = document.State, Prune = { prune }, Force = context.Get(Force) }, context.Call);
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

    private async Task<string> TextAsync(CommandContext context)
    {
        var name = context.Get(File);
        if (name == Standard) return await context.Environment.In.ReadToEndAsync();
        var path = Path.Combine(context.Environment.WorkingDirectory, name);
        var file = new FileInfo(path);
        if (!file.Exists) throw CliFailure.Usage($"there is no file '{name}'");
        if (file.Length > LargestFile) throw CliFailure.Usage($"'{name}' has {file.Length} bytes; at most {LargestFile} are taken");
        return await System.IO.File.ReadAllTextAsync(path);
    }

    private static List<StateCollection> Collections(StateDocument document) => [.. document.Collections.Select(name => name switch
    {
        "profiles" => StateCollection.Profiles,
        "provisioners" => StateCollection.Provisioners,
        "nameLevels" or "name_levels" => StateCollection.NameLevels,
        "gateways" => StateCollection.Gateways,
        _ => StateCollection.Unspecified,
    }).Where(c => c != StateCollection.Unspecified)];

    private static void Confirm(CommandContext context)
    {
        Confirmation.RequireTerminal(context);
        Confirmation.Typed(context, "something is deleted or disabled; type prune to go on: ", ["prune"]);
    }
}
