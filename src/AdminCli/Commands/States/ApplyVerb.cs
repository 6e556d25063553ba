using System.CommandLine;
using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Documents;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.States;

/// <summary><c>grpcca apply -f FILE</c>: shows what would change, then changes it, all of it or nothing.</summary>
internal sealed class ApplyVerb : Verb
{
    private readonly StateFile source = new("YAML or JSON, as 'grpcca export' writes it; - is standard input");

    public ApplyVerb() : base("apply", "Makes profiles, provisioners, name rules and gateways what a file declares, in one transaction or not at all. "
        + "A declared resource is replaced as a whole; what is not declared stays, unless --prune says otherwise.")
    {
        Add(source.File);
        Add(Prune);
        Add(Force);
        Add(DryRun);
        Add(Yes);
    }

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
        var document = StateDocument.Read(context.Get(source.File), await source.TextAsync(context));
        var prune = context.Get(Prune) ? Collections(document) : [];
        var client = new StateService.StateServiceClient(context.Server);
        var plan = await source.PlanAsync(context, client, document, prune, context.Get(Force));
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
