using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>TrustService: what anyone may know.</summary>
internal sealed class TrustApi(AuthorityBook authorities, IdentityAuthority identities, CrlBook crls) : TrustService.TrustServiceBase
{
    public override async Task<ListRootsResponse> ListRoots(ListRootsRequest request, ServerCallContext context)
    {
        var hierarchy = await authorities.CurrentAsync(context.CancellationToken);
        var roots = hierarchy.Of(AuthorityPurpose.Issuing).Where(a => a.IsTrusted);
        return new ListRootsResponse { RootDers = { roots.Select(a => ByteString.CopyFrom(a.RootDer)) } };
    }

    public override async Task<ListIdentityRootsResponse> ListIdentityRoots(ListIdentityRootsRequest request, ServerCallContext context)
    {
        var roots = await identities.RootsAsync(context.CancellationToken);
        return new ListIdentityRootsResponse { RootDers = { roots.Select(r => ByteString.CopyFrom(r)) } };
    }

    public override async Task<ListCrlsResponse> ListCrls(ListCrlsRequest request, ServerCallContext context) =>
        new() { Crls = { (await crls.CurrentAsync(context.CancellationToken)).Select(s => CrlMapping.ToProto(s)) } };

    public override async Task<Crl> GetCrl(GetCrlRequest request, ServerCallContext context)
    {
        var standing = await CrlMapping.FindAsync(crls, Wire.Id(request.Name, ResourceName.Crls, "name"), context.CancellationToken);
        if (standing.Crl is null)
            throw new RefusalException(RefusalReason.NotFound, $"{standing.Issuer.CrlName} has no list yet: {standing.Issuer.Problem ?? "it is being made"}");
        return CrlMapping.ToProto(standing, withBytes: true);
    }

    public override Task<ServerInfo> GetServerInfo(GetServerInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerInfo { Version = ServerVersion.Text });
}
