using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Operators;

/// <summary><c>grpcca operator list</c></summary>
internal sealed class List() : ListVerb<Operator>("All operators.")
{
    public override IReadOnlyList<string> Examples => ["grpcca operator list"];

    protected override string Member => "operators";

    protected override IReadOnlyList<Column<Operator>> Columns(CommandContext context) =>
    [
        new("Operator", o => Ids.Short(o.Name)),
        new("Role", o => OperatorText.Role(o.Role)),
        new("Acts on", o => OperatorText.Bound(o), Wraps: true),
        new("State", o => OperatorText.State(o, context.Now)),
        new("Created", o => Cell.Of(o.CreateTime)),
        new("Identity until", o => Cell.Of(o.IdentityExpireTime)),
    ];

    protected override Func<int, string, Task<Page<Operator>>> Fetch(CommandContext context)
    {
        var client = new OperatorService.OperatorServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListOperatorsAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.Operators, page.NextPageToken);
        };
    }
}
