using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>GatewayService: for those who manage gateways, and for the gateways themselves.</summary>
internal sealed class GatewayApi(
    GatewayRegistry registry, GatewayEnrollment enrollment, GatewayBook book, OnceOnly onceOnly,
    ProvisionerBook provisioners, ProfileBook profiles, AuthorityBook authorities, IdentityAuthority identities, PageTokens tokens) : GatewayService.GatewayServiceBase
{
    public override async Task<Gateway> GetGateway(GetGatewayRequest request, ServerCallContext context) =>
        GatewayMapping.ToProto(await registry.GetAsync(IdOf(request.Name), context.CancellationToken));

    public override async Task<ListGatewaysResponse> ListGateways(ListGatewaysRequest request, ServerCallContext context)
    {
        var gateways = await book.CurrentAsync(context.CancellationToken);
        var (rows, next) = tokens.Of(gateways.All, g => g.Id, request.PageSize, request.PageToken, "gateways");
        return new ListGatewaysResponse { Gateways = { rows.Select(GatewayMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<CreateGatewayResponse> CreateGateway(CreateGatewayRequest request, ServerCallContext context)
    {
        var draft = GatewayMapping.ToDraft(request.Gateway);
        if (request.ValidateOnly)
            return Answer(await registry.CheckAsync(request.GatewayId, draft, context.CancellationToken));
        return await onceOnly.RunAsync(context, request, request.RequestId, CreateGatewayResponse.Parser, async note =>
        {
            // What is kept for a repeated request has no token in it: that is shown once.
            Alongside<GatewayRecord>? alongside = note is null ? null : (session, gateway) => note(session, Answer(gateway));
            var (gateway, token) = await registry.CreateAsync(request.GatewayId, draft, context.Caller().Actor, alongside, context.CancellationToken);
            var answer = Answer(gateway);
            answer.JoinToken = token.Text;
            answer.TokenExpireTime = Wire.Time(token.ExpiresAt);
            return answer;
        });
    }

    public override async Task<Gateway> UpdateGateway(UpdateGatewayRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Gateway.Name, ResourceName.Gateways, "gateway.name");
        var draft = GatewayMapping.ToDraft(request.Gateway, request.UpdateMask?.Paths ?? []);
        return GatewayMapping.ToProto(await registry.UpdateAsync(id, draft, request.Gateway.Etag, context.Caller().Actor, context.CancellationToken));
    }

    public override async Task<Gateway> DisableGateway(DisableGatewayRequest request, ServerCallContext context) =>
        GatewayMapping.ToProto(await registry.DisableAsync(IdOf(request.Name), context.Caller().Actor, context.CancellationToken));

    public override async Task<CreateJoinTokenResponse> CreateJoinToken(CreateJoinTokenRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Gateway, ResourceName.Gateways, "gateway");
        return await onceOnly.RunAsync(context, request, request.RequestId, CreateJoinTokenResponse.Parser, async note =>
        {
            Alongside<DraftToken>? alongside = note is null
                ? null
                : (session, made) => note(session, new CreateJoinTokenResponse { ExpireTime = Wire.Time(made.ExpiresAt) });
            var token = await registry.CreateTokenAsync(id, context.Caller().Actor, alongside, context.CancellationToken);
            return new CreateJoinTokenResponse { JoinToken = token.Text, ExpireTime = Wire.Time(token.ExpiresAt) };
        });
    }

    public override async Task<EnrollGatewayResponse> EnrollGateway(EnrollGatewayRequest request, ServerCallContext context)
    {
        var identity = await enrollment.EnrollAsync(request.Secret, request.CsrDer.Memory, context.CancellationToken);
        return new EnrollGatewayResponse
        {
            Gateway = GatewayMapping.ToProto(identity.Gateway),
            CertificateDer = ByteString.CopyFrom(identity.CertificateDer),
            IdentityRootDers = { identity.IdentityRoots.Select(r => ByteString.CopyFrom(r)) },
        };
    }

    public override async Task<RenewIdentityResponse> RenewIdentity(RenewIdentityRequest request, ServerCallContext context)
    {
        var caller = context.Caller();
        var identity = await enrollment.RenewAsync(caller.Id, caller.IdentitySerial, request.CsrDer.Memory, context.CancellationToken);
        return new RenewIdentityResponse
        {
            CertificateDer = ByteString.CopyFrom(identity.CertificateDer),
            IdentityRootDers = { identity.IdentityRoots.Select(r => ByteString.CopyFrom(r)) },
        };
    }

    public override async Task<IssueTlsCertificateResponse> IssueTlsCertificate(IssueTlsCertificateRequest request, ServerCallContext context)
    {
        var chain = await enrollment.IssueTlsAsync(context.Caller().Id, request.CsrDer.Memory, context.CancellationToken);
        return new IssueTlsCertificateResponse { ChainDers = { chain.Select(c => ByteString.CopyFrom(c)) } };
    }

    public override async Task<GatewayConfig> GetGatewayConfig(GetGatewayConfigRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = context.Caller().Id;
        var gateway = (await book.CurrentAsync(ct)).ById.GetValueOrDefault(id)
            ?? throw new RefusalException(RefusalReason.NotFound, $"there is no gateway '{id}'");
        return GatewayMapping.ToConfig(
            gateway, (await provisioners.CurrentAsync(ct)).Values, await profiles.CurrentAsync(ct), await authorities.CurrentAsync(ct), await identities.RootsAsync(ct), ServerVersion.Text);
    }

    private static CreateGatewayResponse Answer(GatewayRecord gateway) => new() { Gateway = GatewayMapping.ToProto(gateway) };

    private static string IdOf(string name) => Wire.Id(name, ResourceName.Gateways, "name");
}
