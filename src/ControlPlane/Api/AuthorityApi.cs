using Grpc.Core;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>AuthorityService: roots and the issuers below them.</summary>
internal sealed class AuthorityApi(AuthorityBook book) : AuthorityService.AuthorityServiceBase
{
    public override async Task<Authority> GetAuthority(GetAuthorityRequest request, ServerCallContext context) =>
        AuthorityMapping.ToProto(await FindAsync(Wire.Id(request.Name, ResourceName.Authorities, "name"), context.CancellationToken));

    public override async Task<ListAuthoritiesResponse> ListAuthorities(ListAuthoritiesRequest request, ServerCallContext context)
    {
        var all = (await book.CurrentAsync(context.CancellationToken)).Authorities.OrderBy(a => a.Id, StringComparer.Ordinal);
        var (rows, next) = Pages.Of(all, a => a.Id, request.PageSize, request.PageToken, "authorities");
        return new ListAuthoritiesResponse { Authorities = { rows.Select(AuthorityMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<ListIssuersResponse> ListIssuers(ListIssuersRequest request, ServerCallContext context)
    {
        var authority = await FindAsync(Wire.Id(request.Parent, ResourceName.Authorities, "parent"), context.CancellationToken);
        var all = authority.Issuers.OrderBy(i => i.Id, StringComparer.Ordinal);
        var (rows, next) = Pages.Of(all, i => i.Id, request.PageSize, request.PageToken, $"issuers {authority.Id}");
        return new ListIssuersResponse { Issuers = { rows.Select(AuthorityMapping.ToProto) }, NextPageToken = next };
    }

    private async ValueTask<AuthorityRecord> FindAsync(string id, CancellationToken cancellationToken) =>
        (await book.CurrentAsync(cancellationToken)).Find(id)
        ?? throw new RefusalException(RefusalReason.NotFound, $"there is no authority {Excerpt.Of(id)}");
}
