using Google.Protobuf;
using Grpc.Core;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Fakes;

/// <summary>Cuts lists into pages, with the index of the next row as token.</summary>
internal static class Pages
{
    public static (IEnumerable<T> Rows, string Next) Cut<T>(IReadOnlyList<T> rows, int size, string token)
    {
        if (size is < 0 or > 1000) throw Refuse.Field("page_size", "at most 1000");
        var start = token.Length == 0 ? 0 : int.Parse(token, System.Globalization.CultureInfo.InvariantCulture);
        var count = size == 0 ? 100 : size;
        return (rows.Skip(start).Take(count), start + count < rows.Count ? $"{start + count}" : "");
    }
}

internal sealed class FakeAudit(FakeControlPlane fake) : AuditService.AuditServiceBase
{
    public override Task<ListAuditEventsResponse> ListAuditEvents(ListAuditEventsRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.AuditEvents, request.PageSize, request.PageToken);
        return Task.FromResult(new ListAuditEventsResponse { AuditEvents = { rows }, NextPageToken = next });
    }
}

internal sealed class FakeAuthorities(FakeControlPlane fake) : AuthorityService.AuthorityServiceBase
{
    public override Task<Authority> GetAuthority(GetAuthorityRequest request, ServerCallContext context) =>
        Task.FromResult(fake.Data.Authorities.Find(a => a.Name == request.Name) ?? throw Refuse.NotFound(request.Name));

    public override Task<ListAuthoritiesResponse> ListAuthorities(ListAuthoritiesRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.Authorities, request.PageSize, request.PageToken);
        return Task.FromResult(new ListAuthoritiesResponse { Authorities = { rows }, NextPageToken = next });
    }

    public override Task<ListIssuersResponse> ListIssuers(ListIssuersRequest request, ServerCallContext context) =>
        Task.FromResult(new ListIssuersResponse { Issuers = { fake.Data.Issuers.Where(i => i.Name.StartsWith(request.Parent + "/", StringComparison.Ordinal)) } });

    public override Task<Crl> RefreshCrl(RefreshCrlRequest request, ServerCallContext context)
    {
        var crl = fake.Data.Crls.Find(c => c.Name == request.Name) ?? throw Refuse.NotFound(request.Name);
        if (crl.Problem.Length > 0) throw Refuse.With(Google.Rpc.Code.FailedPrecondition, crl.Problem, "FAILED_PRECONDITION");
        crl.Number++;
        return Task.FromResult(FakeTrust.WithoutBytes(crl));
    }

    public override Task<Crl> ImportCrl(ImportCrlRequest request, ServerCallContext context)
    {
        var crl = fake.Data.Crls.Find(c => c.Name == "crls/root-main")!;
        (crl.Number, crl.Imported, crl.SizeBytes, crl.Der) = (7, true, request.Der.Length, request.Der);
        (crl.ThisUpdateTime, crl.NextUpdateTime) = (fake.Data.Crls[0].ThisUpdateTime, fake.Data.Authorities[0].RootExpireTime);
        return Task.FromResult(FakeTrust.WithoutBytes(crl));
    }
}

internal sealed class FakeOrders(FakeControlPlane fake) : OrderService.OrderServiceBase
{
    public override Task<Order> GetOrder(GetOrderRequest request, ServerCallContext context) =>
        Task.FromResult(fake.Data.Orders.Find(o => o.Name == request.Name) ?? throw Refuse.NotFound(request.Name));

    public override Task<ListOrdersResponse> ListOrders(ListOrdersRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.Orders, request.PageSize, request.PageToken);
        return Task.FromResult(new ListOrdersResponse { Orders = { rows }, NextPageToken = next });
    }
}

internal sealed class FakeTrust(FakeControlPlane fake) : TrustService.TrustServiceBase
{
    public override Task<ServerInfo> GetServerInfo(GetServerInfoRequest request, ServerCallContext context) => Task.FromResult(new ServerInfo { Version = "0.1.0" });

    public override Task<ListIdentityRootsResponse> ListIdentityRoots(ListIdentityRootsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListIdentityRootsResponse { RootDers = { ByteString.CopyFrom(fake.Identities.RootDer) } });

    public override Task<ListCrlsResponse> ListCrls(ListCrlsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListCrlsResponse { Crls = { fake.Data.Crls.Select(WithoutBytes) } });

    public override Task<Crl> GetCrl(GetCrlRequest request, ServerCallContext context) =>
        Task.FromResult(fake.Data.Crls.Find(c => c.Name == request.Name && c.Number > 0) ?? throw Refuse.NotFound(request.Name));

    internal static Crl WithoutBytes(Crl crl)
    {
        var facts = crl.Clone();
        facts.Der = ByteString.Empty;
        return facts;
    }
}
