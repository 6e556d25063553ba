using Grpc.Core;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>AuthorityService: roots, the issuers below them, and lists that are wanted now.</summary>
internal sealed class AuthorityApi(AuthorityBook book, CrlBook crls, CrlSigner signer, CrlImport import, TimeProvider time) : AuthorityService.AuthorityServiceBase
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

    public override async Task<Crl> RefreshCrl(RefreshCrlRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.Crls, "name");
        var issuer = (await CrlMapping.FindAsync(crls, id, context.CancellationToken)).Issuer;
        if (!issuer.SignsAt(time.GetUtcNow()))
            throw new RefusalException(RefusalReason.FailedPrecondition, issuer.Problem ?? $"the certificate of {issuer.Name} has expired; nobody asks for its list any more");
        await signer.SignAsync(issuer, context.Caller().Actor, context.CancellationToken);
        return CrlMapping.ToProto(await CrlMapping.FindAsync(crls, id, context.CancellationToken));
    }

    public override async Task<Crl> ImportCrl(ImportCrlRequest request, ServerCallContext context) =>
        CrlMapping.ToProto(await import.ImportAsync(request.Der.ToByteArray(), context.Caller().Actor, context.CancellationToken));

    private async ValueTask<AuthorityRecord> FindAsync(string id, CancellationToken cancellationToken) =>
        (await book.CurrentAsync(cancellationToken)).Find(id)
        ?? throw new RefusalException(RefusalReason.NotFound, $"there is no authority {Excerpt.Of(id)}");
}
