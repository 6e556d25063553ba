using System.CommandLine;
using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names remove RULE-ID…</c>, or by pattern and level.</summary>
internal sealed class Remove : Verb
{
    public Remove() : base("remove", "Removes name rules: by id, or the one of a level with a pattern.")
    {
        Add(RuleIds);
        Add(Pattern);
        Level.AddTo(this, required: false);
        Add(Effect);
        Validators.Add(result =>
        {
            var ids = result.GetResult(RuleIds) is { Tokens.Count: > 0 };
            var pattern = result.GetResult(Pattern) is not null;
            var level = Level.IsIn(result);
            if (ids == pattern) result.AddError($"say which rule: its id, or --pattern FORM:VALUE with {LevelOptions.Choices}");
            else if (pattern && !level) result.AddError($"--pattern needs {LevelOptions.Choices}");
            else if (ids && level) result.AddError($"a rule's id says its level already: leave out {LevelOptions.Choices}");
        });
    }

    public Argument<string[]> RuleIds { get; } = new("rule-id") { Description = "Ids of rules, as 'grpcca names list' shows them", Arity = ArgumentArity.ZeroOrMore };

    public Option<string?> Pattern { get; } = new("--pattern") { Description = "The rule's pattern instead of its id", HelpName = "FORM:VALUE" };

    public LevelOptions Level { get; } = new();

    public Option<string?> Effect { get; } = new Option<string?>("--effect") { Description = "With --pattern: only an allow rule, or only a deny rule", HelpName = "allow|deny" }
        .OneOf("allow", "deny");

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca names remove 9f2c51d07ab34e68",
        "grpcca names remove --pattern exact:nas.net.gq --provisioner acme",
        "grpcca names remove --pattern exact:nas.net.gq --eab-key guest",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var client = new NameService.NameServiceClient(context.Server);
        var rules = context.Get(Pattern) is { } pattern
            ? [await FindAsync(context, client, pattern)]
            : context.Get(RuleIds).Select(id => Ids.Name(ResourceName.NameRules, id)).Distinct(StringComparer.Ordinal).ToList();
        var removed = new JsonArray();
        foreach (var rule in rules)
        {
            await context.AboutAsync(rule, client.DeleteNameRuleAsync(new() { Name = rule }, context.Call));
            removed.Add((JsonNode)rule);
            if (!context.Printer.IsDocument) context.Printer.Line($"removed {Ids.Short(rule)}");
        }
        if (context.Printer.IsDocument) context.Printer.Document(new JsonObject { ["removed"] = removed });
        return ExitCodes.Ok;
    }

    private async Task<string> FindAsync(CommandContext context, NameService.NameServiceClient client, string pattern)
    {
        var level = Level.Of(context)!;
        var filter = new Filter().Equal("level", level).Equal("pattern", pattern).ToString();
        var answer = await context.AboutAsync(level, client.ListNameRulesAsync(new() { Filter = filter }, context.Call));
        var effect = context.Get(Effect)?.ToLowerInvariant() switch
        {
            "allow" => NameRule.Types.Effect.Allow,
            "deny" => NameRule.Types.Effect.Deny,
            _ => NameRule.Types.Effect.Unspecified,
        };
        var found = answer.NameRules.Where(r => effect == NameRule.Types.Effect.Unspecified || r.Effect == effect).ToList();
        return found switch
        {
            [var one] => one.Name,
            [] => throw CliFailure.NotFound($"{level} has no rule '{pattern}'", $"'grpcca names list' shows the rules"),
            _ => throw CliFailure.Usage($"{level} allows and denies '{pattern}'", "say which goes with --effect allow or --effect deny"),
        };
    }
}
