using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Exchange;
using GrpcCa.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.TestKit;

internal sealed class FakeTrustService(FakeControlPlane plane) : TrustService.TrustServiceBase
{
    public override Task<ListIdentityRootsResponse> ListIdentityRoots(ListIdentityRootsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListIdentityRootsResponse { RootDers = { ByteString.CopyFrom(plane.Identity.Root.RawData) } });

    public override Task<ListCrlsResponse> ListCrls(ListCrlsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListCrlsResponse { Crls = { plane.Crls.Select(WithoutBytes) } });

    public override Task<Crl> GetCrl(GetCrlRequest request, ServerCallContext context) => plane.Crls.FirstOrDefault(c => c.Name == request.Name) is { } crl
        ? Task.FromResult(crl)
        : throw new RpcException(new Status(StatusCode.NotFound, "there is no such list"));

    private static Crl WithoutBytes(Crl crl)
    {
        var facts = crl.Clone();
        facts.Der = ByteString.Empty;
        return facts;
    }
}

internal sealed class FakeGatewayService(FakeControlPlane plane) : GatewayService.GatewayServiceBase
{
    public override Task<EnrollGatewayResponse> EnrollGateway(EnrollGatewayRequest request, ServerCallContext context)
    {
        plane.SecretsSeen.Enqueue(request.Secret);
        if (request.Secret != plane.Secret) throw new RpcException(new Status(StatusCode.PermissionDenied, "the join token is unknown, used or expired"));
        return Task.FromResult(new EnrollGatewayResponse
        {
            Gateway = new V1.Gateway { Name = "gateways/edge" },
            CertificateDer = Identity(request.CsrDer),
            IdentityRootDers = { ByteString.CopyFrom(plane.Identity.Root.RawData) },
        });
    }

    public override Task<RenewIdentityResponse> RenewIdentity(RenewIdentityRequest request, ServerCallContext context)
    {
        plane.RequireGateway(context);
        plane.RenewCalls++;
        return Task.FromResult(new RenewIdentityResponse
        {
            CertificateDer = Identity(request.CsrDer),
            IdentityRootDers = { ByteString.CopyFrom(plane.Identity.Root.RawData) },
        });
    }

    public override Task<IssueTlsCertificateResponse> IssueTlsCertificate(IssueTlsCertificateRequest request, ServerCallContext context)
    {
        plane.RequireGateway(context);
        plane.TlsCalls++;
        var leaf = plane.Issuing.Issue(request.CsrDer.ToByteArray(), plane.TlsLifetime, names: plane.Config.TlsNames);
        return Task.FromResult(new IssueTlsCertificateResponse
        {
            ChainDers = { ByteString.CopyFrom(leaf.RawData), ByteString.CopyFrom(plane.Issuing.Intermediate!.RawData) },
        });
    }

    public override Task<GatewayConfig> GetGatewayConfig(GetGatewayConfigRequest request, ServerCallContext context)
    {
        plane.RequireGateway(context);
        plane.ConfigCalls++;
        return Task.FromResult(plane.Config);
    }

    private ByteString Identity(ByteString csr) =>
        ByteString.CopyFrom(plane.Identity.Issue(csr.ToByteArray(), plane.IdentityLifetime, FakeControlPlane.GatewayUri, forServers: false).RawData);
}

internal sealed class FakeAcmeService(FakeControlPlane plane) : AcmeService.AcmeServiceBase
{
    public override Task<MintNoncesResponse> MintNonces(MintNoncesRequest request, ServerCallContext context)
    {
        plane.RequireGateway(context);
        plane.MintCalls++;
        return Task.FromResult(new MintNoncesResponse { Nonces = { Enumerable.Range(0, request.Count).Select(_ => plane.MintNonce()) } });
    }

    public override Task<CheckFetchResponse> CheckFetch(CheckFetchRequest request, ServerCallContext context) => plane.AnswerAsync<CheckFetchResponse>(request, context);

    public override Task<NewAccountResponse> NewAccount(NewAccountRequest request, ServerCallContext context) => plane.AnswerAsync<NewAccountResponse>(request, context);

    public override Task<PostAccountResponse> PostAccount(PostAccountRequest request, ServerCallContext context) => plane.AnswerAsync<PostAccountResponse>(request, context);

    public override Task<PostAccountOrdersResponse> PostAccountOrders(PostAccountOrdersRequest request, ServerCallContext context) => plane.AnswerAsync<PostAccountOrdersResponse>(request, context);

    public override Task<KeyChangeResponse> KeyChange(KeyChangeRequest request, ServerCallContext context) => plane.AnswerAsync<KeyChangeResponse>(request, context);

    public override Task<NewOrderResponse> NewOrder(NewOrderRequest request, ServerCallContext context) => plane.AnswerAsync<NewOrderResponse>(request, context);

    public override Task<PostOrderResponse> PostOrder(PostOrderRequest request, ServerCallContext context) => plane.AnswerAsync<PostOrderResponse>(request, context);

    public override Task<FinalizeOrderResponse> FinalizeOrder(FinalizeOrderRequest request, ServerCallContext context) => plane.AnswerAsync<FinalizeOrderResponse>(request, context);

    public override Task<NewAuthorizationResponse> NewAuthorization(NewAuthorizationRequest request, ServerCallContext context) => plane.AnswerAsync<NewAuthorizationResponse>(request, context);

    public override Task<PostAuthorizationResponse> PostAuthorization(PostAuthorizationRequest request, ServerCallContext context) => plane.AnswerAsync<PostAuthorizationResponse>(request, context);

    public override Task<PostChallengeResponse> PostChallenge(PostChallengeRequest request, ServerCallContext context) => plane.AnswerAsync<PostChallengeResponse>(request, context);

    public override Task<PostCertificateResponse> PostCertificate(PostCertificateRequest request, ServerCallContext context) => plane.AnswerAsync<PostCertificateResponse>(request, context);

    public override Task<RevokeCertResponse> RevokeCert(RevokeCertRequest request, ServerCallContext context) => plane.AnswerAsync<RevokeCertResponse>(request, context);

    public override async Task Exchange(IAsyncStreamReader<ExchangeRequest> requestStream, IServerStreamWriter<ExchangeResponse> responseStream, ServerCallContext context)
    {
        if (!plane.KnowsStreams) throw new RpcException(new Status(StatusCode.Unimplemented, "Service is unimplemented."));
        plane.RequireGateway(context);
        plane.StreamsOpened++;
        if (plane.Offered is { } offered) await responseStream.WriteAsync(new ExchangeResponse { Socket = offered });
        await CallExchange.ServeAsync(new ExchangedMethods(this, []), requestStream, responseStream, context, TimeProvider.System, NullLogger.Instance, plane.Stopping, plane.Door);
    }
}
