using System.CommandLine;
using GrpcCa.AdminCli.Documents;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names export</c>: the rules as the file that <c>names import</c> reads, or as a policy of step-ca.</summary>
internal sealed class Export : Verb
{
    private const string StepCa = "step-ca";

    public Export() : base("export", "Prints name rules as a file for 'grpcca names import': YAML, or JSON with --output json. Rules that have expired, and levels without rules, are left out.")
    {
        Level.AddTo(this, required: false);
        Add(As);
        Validators.Add(result =>
        {
            if (result.GetResult(As) is not null && !Level.IsIn(result)) result.AddError($"a policy of step-ca is that of one level: say {LevelOptions.Choices}");
        });
    }

    public LevelOptions Level { get; } = new();

    public Option<string?> As { get; } = new Option<string?>("--as") { Description = "step-ca: a policy object of step-ca, in JSON; what it cannot say is told and left out", HelpName = StepCa }.OneOf(StepCa);

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca names export > names.yaml",
        "grpcca names export --provisioner acme -o json",
        "grpcca names export --provisioner acme --as step-ca",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var filter = new Filter().Equal("level", Level.Of(context)).ToString();
        var client = new NameService.NameServiceClient(context.Server);
        var rules = await new PagedList<NameRule>(async (size, token) =>
        {
            var page = await client.ListNameRulesAsync(new() { PageSize = size, PageToken = token, Filter = filter }, context.Call);
            return new(page.NameRules, page.NextPageToken);
        }, limit: int.MaxValue).ToListAsync();
        rules.RemoveAll(r => r.ExpireTime is { } end && end.ToDateTimeOffset() <= context.Now);
        if (context.Get(As) is not null)
        {
            var (policy, lost) = StepPolicyText.Of(rules);
            foreach (var one in lost) context.Printer.Note(one);
            context.Printer.Line(JsonText.Format(policy));
            return ExitCodes.Ok;
        }
        var document = MessageWriter.Write(new State { NameLevels = { rules.GroupBy(r => r.Level, StringComparer.Ordinal).Select(Declared) } });
        if (context.Printer.IsDocument) context.Printer.Document(document);
        else context.Printer.Line(YamlText.Format(document));
        return ExitCodes.Ok;
    }

    private static NameLevel Declared(IGrouping<string, NameRule> level) => new()
    {
        Level = level.Key,
        Rules =
        {
            level.Select(r => r.Effect == NameRule.Types.Effect.Deny
                ? new DeclaredNameRule { Deny = r.Pattern, Comment = r.Comment, ExpireTime = r.ExpireTime }
                : new DeclaredNameRule { Allow = r.Pattern, Comment = r.Comment, ExpireTime = r.ExpireTime }),
        },
    };
}
