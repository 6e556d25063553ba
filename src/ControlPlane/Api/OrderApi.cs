using System.Globalization;
using Grpc.Core;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>OrderService: orders with what happened at validation, newest first.</summary>
internal sealed class OrderApi(IStore store, PageTokens tokens, TimeProvider time) : OrderService.OrderServiceBase
{
    private const string Query = "orders";

    public override async Task<V1.Order> GetOrder(GetOrderRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.Orders, "name");
        var now = time.GetUtcNow();
        return OrderMapping.WithAttempts(await store.ReadAsync(session => OrderStore.FindViewAsync(session, id, now), context.CancellationToken)
            ?? throw new RefusalException(RefusalReason.NotFound, $"there is no order {Excerpt.Of(id)}"));
    }

    public override async Task<ListOrdersResponse> ListOrders(ListOrdersRequest request, ServerCallContext context)
    {
        var page = tokens.Read(request.PageSize, request.PageToken, Query, parts: 2);
        var (before, id) = page.IsFirst ? (DateTimeOffset.MaxValue, "") : (Wire.Position(page.After[0]), page.After[1]);
        var now = time.GetUtcNow();
        var read = await store.ReadAsync(async session =>
        {
            var views = new List<OrderView>();
            foreach (var order in await OrderStore.ListAsync(session, before, id, page.Size + 1))
                views.Add(await OrderStore.ViewAsync(session, order, now));
            return views;
        }, context.CancellationToken);
        var (rows, next) = page.Cut(read,
            v => tokens.Token(Query, v.Order.CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), v.Order.Id));
        return new ListOrdersResponse { Orders = { rows.Select(OrderMapping.ToProto) }, NextPageToken = next };
    }
}
