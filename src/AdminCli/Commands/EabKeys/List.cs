using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.EabKeys;

/// <summary><c>grpcca eab-key list</c></summary>
internal sealed class List() : ListVerb<EabKey>("All EAB keys, without their MAC keys.")
{
    public override IReadOnlyList<string> Examples => ["grpcca eab-key list", "grpcca eab-key list -o json"];

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
        var client = new AccountService.AccountServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListEabKeysAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.EabKeys, page.NextPageToken);
        };
    }
}
