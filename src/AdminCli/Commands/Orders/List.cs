using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Orders;

/// <summary><c>grpcca order list</c></summary>
internal sealed class List() : ListVerb<Order>("All orders, newest first.")
{
    public override IReadOnlyList<string> Examples => ["grpcca order list", "grpcca order list --limit 10"];

    protected override string Member => "orders";

    protected override IReadOnlyList<Column<Order>> Columns(CommandContext context) =>
    [
        new("Order", o => Ids.Short(o.Name)),
        new("State", o => State(o)),
        new("Provisioner", o => Ids.Short(o.Provisioner)),
        new("Names", o => Cell.Of(o.Identifiers), Wraps: true),
        new("Created", o => Cell.Of(o.CreateTime)),
        new("Error", o => o.Error, Wraps: true),
    ];

    public static Cell State(Order order) => new(order.State.Length == 0 ? "unknown" : order.State, order.State switch
    {
        "valid" => Tone.Good,
        "invalid" => Tone.Bad,
        _ => Tone.Plain,
    });

    protected override Func<int, string, Task<Page<Order>>> Fetch(CommandContext context)
    {
        var client = new OrderService.OrderServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListOrdersAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.Orders, page.NextPageToken);
        };
    }
}
