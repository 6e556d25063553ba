using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>TrustService: what anyone may know.</summary>
internal sealed class TrustApi(AuthorityBook authorities, IdentityAuthority identities) : TrustService.TrustServiceBase
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

    public override Task<ServerInfo> GetServerInfo(GetServerInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerInfo { Version = ServerVersion.Text });
}
