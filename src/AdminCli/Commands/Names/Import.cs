using System.CommandLine;
using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Commands.States;
using GrpcCa.AdminCli.Documents;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names import -f FILE</c>: shows what would change, then changes it, all of it or nothing.</summary>
internal sealed class Import : Verb
{
    private readonly StateFile source = new("YAML or JSON: as 'grpcca names export' writes it, or a policy object of step-ca (also a whole ca.json); - is standard input");

    public Import() : base("import", "Gives levels the rules of a file, in one transaction or not at all. A level in the file has exactly the file's rules then; "
        + "other levels stay. A policy of step-ca goes to the level that is named.")
    {
        Add(source.File);
        Level.AddTo(this, required: false);
        Add(DryRun);
        Add(Yes);
    }

    public LevelOptions Level { get; } = new();

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Print what would change, change nothing" };

    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask before rules go" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca names import -f names.yaml --dry-run",
        "grpcca names import -f /etc/step-ca/config/ca.json --provisioner acme",
        "grpcca names export --provisioner acme | grpcca names import -f - --yes",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var text = await source.TextAsync(context);
        var document = Read(context, text);
        var client = new StateService.StateServiceClient(context.Server);
        var plan = await source.PlanAsync(context, client, document, [], force: false);
        if (!context.Printer.IsDocument) PlanText.Write(context.Printer, plan);
        if (!context.Get(DryRun) && plan.Changes.Count > 0)
        {
            if (!context.Get(Yes) && plan.Changes.Any(c => c.Action == StateChange.Types.Action.Update))
            {
                Confirmation.RequireTerminal(context);
                Confirmation.Typed(context, "levels get the rules of the file and no others; type import to go on: ", ["import"]);
            }
            plan = await client.ApplyStateAsync(new() { State = document.State, PlanEtag = plan.Etag, RequestId = CommandContext.NewRequestId() }, context.Call);
        }
        if (context.Printer.IsDocument) context.Printer.Document(new JsonObject { ["plan"] = JsonText.Of(plan), ["applied"] = !context.Get(DryRun) });
        if (context.Get(DryRun)) context.Printer.Note("dry run: nothing was changed");
        else if (plan.Changes.Count > 0) context.Printer.Note("imported");
        return ExitCodes.Ok;
    }

    private StateDocument Read(CommandContext context, string text)
    {
        var level = Level.Of(context);
        if (StepPolicy.Find(DocumentText.Read(text, [])) is { } policy)
        {
            var read = StepPolicy.Read(policy, level ?? throw CliFailure.Usage("a policy of step-ca does not say whose it is", $"name the level with {LevelOptions.Choices}"));
            foreach (var lost in read.Lost) context.Printer.Note($"not carried over: {lost}");
            return StateDocument.Of(context.Get(source.File), new State { NameLevels = { read.Level } });
        }
        if (level is not null) throw CliFailure.Usage("the file says its levels itself", $"leave out {LevelOptions.Choices}, which are for policies of step-ca");
        var document = StateDocument.Read(context.Get(source.File), text);
        if (document.Collections.Any(c => c is not ("nameLevels" or "name_levels")))
            throw CliFailure.Usage("the file declares more than name rules", "'grpcca apply' takes it");
        return document;
    }
}
