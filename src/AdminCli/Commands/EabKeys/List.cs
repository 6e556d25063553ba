using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.EabKeys;

/// <summary><c>grpcca eab-key list</c></summary>
internal sealed class List : ListVerb<EabKey>
{
    public List() : base("EAB keys, without their MAC keys.")
    {
        Add(Provisioner);
        Add(Disabled);
        Add(Enabled);
        Validators.Add(result =>
        {
            if (result.GetValue(Disabled) && result.GetValue(Enabled)) result.AddError("say --disabled or --enabled, not both");
        });
    }

    public Option<string?> Provisioner { get; } = new("--provisioner", "-p") { Description = "Only those of this provisioner", HelpName = "ID" };

    public Option<bool> Disabled { get; } = new("--disabled") { Description = "Only those that are disabled" };

    public Option<bool> Enabled { get; } = new("--enabled") { Description = "Only those that are not disabled" };

    public override IReadOnlyList<string> Examples => ["grpcca eab-key list", "grpcca eab-key list --provisioner guests --enabled -o json"];

    protected override string Member => "eabKeys";

    protected override IReadOnlyList<Column<EabKey>> Columns(CommandContext context) =>
    [
        new("Key", k => Ids.Short(k.Name)),
        new("State", k => EabKeyText.State(k, context.Now)),
        new("Provisioner", k => Ids.Short(k.Provisioner)),
        new("Bound", k => EabKeyText.Uses(k)),
        new("Expires", k => k.ExpireTime is null ? "never" : Cell.Of(k.ExpireTime)),
        new("Comment", k => k.Comment, Wraps: true),
    ];

    protected override Func<int, string, Task<Page<EabKey>>> Fetch(CommandContext context)
    {
        var disabled = context.Get(Disabled) ? "true" : context.Get(Enabled) ? "false" : null;
        var filter = new Filter().Equal("provisioner", Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner))).EqualWord("disabled", disabled).ToString();
        var client = new AccountService.AccountServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListEabKeysAsync(new() { PageSize = size, PageToken = token, Filter = filter }, context.Call);
            return new(page.EabKeys, page.NextPageToken);
        };
    }
}
