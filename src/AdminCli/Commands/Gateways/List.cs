using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Gateways;

/// <summary><c>grpcca gateway list</c></summary>
internal sealed class List() : ListVerb<Gateway>("All gateways.")
{
    public override IReadOnlyList<string> Examples => ["grpcca gateway list", "grpcca gateway list --output json"];

    protected override string Member => "gateways";

    protected override IReadOnlyList<Column<Gateway>> Columns(CommandContext context) => GatewayText.Columns(context.Now);

    protected override Func<int, string, Task<Page<Gateway>>> Fetch(CommandContext context)
    {
        var client = new GatewayService.GatewayServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListGatewaysAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.Gateways, page.NextPageToken);
        };
    }
}
