using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Nonces;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Acme.Renewals;
using GrpcCa.ControlPlane.Api.Exchange;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>ACME at the edge: verify, ask the room, map. No rules here.</summary>
internal sealed class AcmeApi(
    AcmeRequests requests,
    NonceMint nonces,
    AccountRegistry accounts,
    OrderDesk orders,
    OrderFinalizer finalizer,
    AuthorizationDesk authorizations,
    CertificateDesk certificates,
    RenewalWindows renewals,
    CallExchange exchange) : AcmeService.AcmeServiceBase
{
    private const int MostNonces = 1000;

    // A client that is told "processing" asks again after a second; the result is usually there before.
    private static readonly Duration PollAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(1));

    public override Task<MintNoncesResponse> MintNonces(MintNoncesRequest request, ServerCallContext context)
    {
        if (request.Count is < 1 or > MostNonces)
            throw new RefusalException(RefusalReason.InvalidArgument, $"must be from 1 to {MostNonces}") { Field = "count" };
        var response = new MintNoncesResponse();
        for (var i = 0; i < request.Count; i++) response.Nonces.Add(nonces.Mint());
        return Task.FromResult(response);
    }

    public override async Task<CheckFetchResponse> CheckFetch(CheckFetchRequest request, ServerCallContext context)
    {
        var resource = request.Resource == FetchedResource.Directory ? AcmeResource.Directory : AcmeResource.NewNonce;
        var verified = await requests.VerifyAsync(request.Signed, resource, KeyRequirement.Kid, context);
        verified.RequirePostAsGet();
        return new CheckFetchResponse();
    }

    public override async Task<NewAccountResponse> NewAccount(NewAccountRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.NewAccount, KeyRequirement.Jwk, context);
        var (account, created) = await accounts.CreateOrFindAsync(verified, context.CancellationToken);
        var urls = new AcmeUrls(verified);
        return new NewAccountResponse { Location = urls.Account(account.Id), Created = created, Account = AcmeMapping.Account(account, urls) };
    }

    public override async Task<PostAccountResponse> PostAccount(PostAccountRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.Account, KeyRequirement.Kid, context, request.AccountId);
        var account = await accounts.PostAsync(verified, request.AccountId, context.CancellationToken);
        var urls = new AcmeUrls(verified);
        return new PostAccountResponse { Location = urls.Account(account.Id), Account = AcmeMapping.Account(account, urls) };
    }

    public override async Task<PostAccountOrdersResponse> PostAccountOrders(PostAccountOrdersRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.AccountOrders, KeyRequirement.Kid, context, request.AccountId, request.Cursor);
        var (ids, next) = await orders.ListAsync(verified, request.AccountId, request.Cursor, context.CancellationToken);
        var urls = new AcmeUrls(verified);
        var response = new PostAccountOrdersResponse { NextUrl = next.Length == 0 ? "" : urls.AccountOrders(request.AccountId, next) };
        response.Orders.Add(ids.Select(urls.Order));
        return response;
    }

    public override async Task<KeyChangeResponse> KeyChange(KeyChangeRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.KeyChange, KeyRequirement.Kid, context);
        var account = await accounts.ChangeKeyAsync(verified, context.CancellationToken);
        var urls = new AcmeUrls(verified);
        return new KeyChangeResponse { Location = urls.Account(account.Id), Account = AcmeMapping.Account(account, urls) };
    }

    public override async Task<NewOrderResponse> NewOrder(NewOrderRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.NewOrder, KeyRequirement.Kid, context);
        var view = await orders.CreateAsync(verified, context.CancellationToken);
        var urls = new AcmeUrls(verified);
        return new NewOrderResponse { Location = urls.Order(view.Order.Id), Order = AcmeMapping.Order(view, urls) };
    }

    public override async Task<PostOrderResponse> PostOrder(PostOrderRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.Order, KeyRequirement.Kid, context, request.OrderId);
        var view = await orders.FindAsync(verified, request.OrderId, context.CancellationToken);
        var urls = new AcmeUrls(verified);
        return new PostOrderResponse
        {
            Location = urls.Order(view.Order.Id),
            Order = AcmeMapping.Order(view, urls),
            RetryAfter = view.Status == OrderStatus.Processing ? PollAfter : null,
        };
    }

    public override async Task<FinalizeOrderResponse> FinalizeOrder(FinalizeOrderRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.Finalize, KeyRequirement.Kid, context, request.OrderId);
        var view = await finalizer.FinalizeAsync(verified, request.OrderId, context.CancellationToken);
        var urls = new AcmeUrls(verified);
        return new FinalizeOrderResponse
        {
            Location = urls.Order(view.Order.Id),
            Order = AcmeMapping.Order(view, urls),
            RetryAfter = view.Status == OrderStatus.Processing ? PollAfter : null,
        };
    }

    public override async Task<NewAuthorizationResponse> NewAuthorization(NewAuthorizationRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.NewAuthorization, KeyRequirement.Kid, context);
        var authorization = await orders.AuthorizeAsync(verified, context.CancellationToken);
        var urls = new AcmeUrls(verified);
        return new NewAuthorizationResponse
        {
            Location = urls.Authorization(authorization.Id),
            Authorization = AcmeMapping.Authorization(authorization, authorizations.Now, urls),
        };
    }

    public override async Task<PostAuthorizationResponse> PostAuthorization(PostAuthorizationRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.Authorization, KeyRequirement.Kid, context, request.AuthorizationId);
        var authorization = await authorizations.PostAsync(verified, request.AuthorizationId, context.CancellationToken);
        return new PostAuthorizationResponse
        {
            Authorization = AcmeMapping.Authorization(authorization, authorizations.Now, new AcmeUrls(verified)),
            RetryAfter = authorization.ProcessingBy is null ? null : PollAfter,
        };
    }

    public override async Task<PostChallengeResponse> PostChallenge(PostChallengeRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(
            request.Signed, AcmeResource.Challenge, KeyRequirement.Kid, context, request.AuthorizationId, request.ChallengeId);
        var (authorization, challenge) = await authorizations.PostChallengeAsync(
            verified, request.AuthorizationId, request.ChallengeId, context.CancellationToken);
        var urls = new AcmeUrls(verified);
        return new PostChallengeResponse
        {
            Challenge = AcmeMapping.Challenge(authorization, challenge, urls),
            AuthorizationUrl = urls.Authorization(authorization.Id),
            RetryAfter = challenge.Status == ChallengeStatus.Processing ? PollAfter : null,
        };
    }

    public override async Task<PostCertificateResponse> PostCertificate(PostCertificateRequest request, ServerCallContext context)
    {
        // certificate/{id} or certificate/{id}/{chain}: an alternate chain has a URL of its own.
        var parts = request.CertificateId.Split('/', 2);
        var (id, chain) = (parts[0], parts.Length == 2 ? parts[1] : "");
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.Certificate, KeyRequirement.Kid, context, id, chain);
        var urls = new AcmeUrls(verified);
        var download = await certificates.DownloadAsync(verified, id, chain, context.CancellationToken);
        return new PostCertificateResponse { PemChain = download.Pem, AlternateUrls = { download.Others.Select(other => urls.Certificate(id, other)) } };
    }

    public override async Task<GetRenewalInfoResponse> GetRenewalInfo(GetRenewalInfoRequest request, ServerCallContext context)
    {
        var provisionerId = Wire.Id(request.Provisioner, ResourceName.Provisioners, "provisioner");
        await requests.CheckServedAsync(provisionerId, context);
        var window = await renewals.FindAsync(provisionerId, request.CertificateId, context.CancellationToken);
        return new GetRenewalInfoResponse
        {
            WindowStart = Wire.Time(window.Start),
            WindowEnd = Wire.Time(window.End),
            ExplanationUrl = window.ExplanationUrl,
            RetryAfter = Duration.FromTimeSpan(window.RetryAfter),
        };
    }

    public override async Task<RevokeCertResponse> RevokeCert(RevokeCertRequest request, ServerCallContext context)
    {
        var verified = await requests.VerifyAsync(request.Signed, AcmeResource.RevokeCert, KeyRequirement.Either, context);
        await certificates.RevokeAsync(verified, context.CancellationToken);
        return new RevokeCertResponse();
    }

    public override Task Exchange(IAsyncStreamReader<ExchangeRequest> requestStream, IServerStreamWriter<ExchangeResponse> responseStream, ServerCallContext context) =>
        exchange.RunAsync(this, requestStream, responseStream, context);
}
