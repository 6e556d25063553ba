using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names list</c></summary>
internal sealed class List : ListVerb<NameRule>
{
    public List() : base("Name rules by level, all or those of one level.") => Level.AddTo(this, required: false);

    public LevelOptions Level { get; } = new();

    public static readonly IReadOnlyList<Column<NameRule>> Shown =
    [
        new("Rule", r => Ids.Short(r.Name)),
        new("Level", r => r.Level),
        new("Effect", r => Effect(r)),
        new("Pattern", r => r.Pattern),
        new("Expires", r => r.ExpireTime is null ? "never" : Cell.Of(r.ExpireTime)),
        new("By", r => r.Creator, Wraps: true),
        new("Comment", r => r.Comment, Wraps: true),
    ];

    public override IReadOnlyList<string> Examples => ["grpcca names list", "grpcca names list --provisioner acme", "grpcca names list --authority main -o json"];

    protected override string Member => "nameRules";

    protected override IReadOnlyList<Column<NameRule>> Columns(CommandContext context) => Shown;

    private static Cell Effect(NameRule rule) => rule.Effect switch
    {
        NameRule.Types.Effect.Allow => new("allow", Tone.Good),
        NameRule.Types.Effect.Deny => new("deny", Tone.Bad),
        _ => new("unknown"),
    };

    protected override Func<int, string, Task<Page<NameRule>>> Fetch(CommandContext context)
    {
        var filter = new Filter().Equal("level", Level.Of(context)).ToString();
        var client = new NameService.NameServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListNameRulesAsync(new() { PageSize = size, PageToken = token, Filter = filter }, context.Call);
            return new(page.NameRules, page.NextPageToken);
        };
    }
}
