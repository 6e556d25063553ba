using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary>What <c>names allow</c> and <c>names deny</c> share: rules of one level, all of them checked before the first is made.</summary>
internal abstract class RuleVerb : Verb
{
    private readonly NameRule.Types.Effect effect;

    protected RuleVerb(string name, string description, NameRule.Types.Effect effect) : base(name, description)
    {
        this.effect = effect;
        Add(Patterns);
        Level.AddTo(this, required: true);
        Add(Comment);
        Add(Expires);
        Add(DryRun);
    }

    public Argument<string[]> Patterns { get; } = new("FORM:VALUE")
    {
        Description = "exact:nas.net.gq (that name), label:net.gq (one label below), subtree:net.gq (any depth below), "
            + "wildcard:net.gq (the name *.net.gq, which no other form matches), ip:100.64.0.0/10",
        Arity = ArgumentArity.OneOrMore,
    };

    public LevelOptions Level { get; } = new();

    public Option<string> Comment { get; } = new("--comment") { Description = "Why", HelpName = "TEXT", DefaultValueFactory = _ => "" };

    public Option<string?> Expires { get; } = new("--expires") { Description = "When the rule stops to count: a date (2026-12-31), a time, or a span from now (30d)", HelpName = "WHEN" };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var rules = Rules(context);
        var client = new NameService.NameServiceClient(context.Server);
        var dryRun = context.Get(DryRun);
        var made = new List<NameRule>();
        // Several rules or none: a mistake in the third must not leave the first two behind.
        if (dryRun || rules.Count > 1)
            foreach (var rule in rules) made.Add(await CreateAsync(context, client, rule, validateOnly: true));
        if (!dryRun)
        {
            made.Clear();
            foreach (var rule in rules) made.Add(await CreateAsync(context, client, rule, validateOnly: false));
        }
        if (context.Printer.IsDocument) context.Printer.Document(new System.Text.Json.Nodes.JsonObject { ["nameRules"] = JsonText.Of(made) });
        else context.Printer.Table(List.Shown, made);
        if (dryRun) context.Printer.Note("dry run: nothing was changed");
        return ExitCodes.Ok;
    }

    private static async Task<NameRule> CreateAsync(CommandContext context, NameService.NameServiceClient client, NameRule rule, bool validateOnly)
    {
        var request = new CreateNameRuleRequest { NameRule = rule, ValidateOnly = validateOnly, RequestId = validateOnly ? "" : CommandContext.NewRequestId() };
        return await context.AboutAsync(rule.Level, client.CreateNameRuleAsync(request, context.Call));
    }

    private List<NameRule> Rules(CommandContext context)
    {
        var level = Level.Of(context)!;
        var expires = context.GetFutureTime(Expires);
        return [.. context.Get(Patterns).Distinct(StringComparer.Ordinal).Select(pattern => new NameRule
        {
            Level = level,
            Effect = effect,
            Pattern = RulePattern.Checked(pattern),
            Comment = context.Get(Comment),
            ExpireTime = expires is null ? null : Timestamp.FromDateTimeOffset(expires.Value),
        })];
    }
}
