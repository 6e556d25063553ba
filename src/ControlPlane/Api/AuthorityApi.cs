using Google.Protobuf.WellKnownTypes;
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
internal sealed class AuthorityApi(
    AuthorityBook book, IssuerChains chains, OnceOnly onceOnly, CrlBook crls, CrlSigner signer, CrlImport import, PageTokens tokens, TimeProvider time) : AuthorityService.AuthorityServiceBase
{
    public override async Task<Authority> GetAuthority(GetAuthorityRequest request, ServerCallContext context) =>
        AuthorityMapping.ToProto(await FindAsync(Wire.Id(request.Name, ResourceName.Authorities, "name"), context.CancellationToken));

    public override async Task<ListAuthoritiesResponse> ListAuthorities(ListAuthoritiesRequest request, ServerCallContext context)
    {
        var all = (await book.CurrentAsync(context.CancellationToken)).Authorities.OrderBy(a => a.Id, StringComparer.Ordinal);
        var (rows, next) = tokens.Of(all, a => a.Id, request.PageSize, request.PageToken, "authorities");
        return new ListAuthoritiesResponse { Authorities = { rows.Select(AuthorityMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<ListIssuersResponse> ListIssuers(ListIssuersRequest request, ServerCallContext context)
    {
        var authority = await FindAsync(Wire.Id(request.Parent, ResourceName.Authorities, "parent"), context.CancellationToken);
        var all = authority.Issuers.OrderBy(i => i.Id, StringComparer.Ordinal);
        var (rows, next) = tokens.Of(all, i => i.Id, request.PageSize, request.PageToken, $"issuers {authority.Id}");
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

    public override async Task<ListIssuerChainsResponse> ListIssuerChains(ListIssuerChainsRequest request, ServerCallContext context)
    {
        var (_, issuer) = await FindIssuerAsync(request.Parent, "parent", context.CancellationToken);
        var (rows, next) = tokens.Of(issuer.Chains.OrderBy(c => c.Id, StringComparer.Ordinal), c => c.Id, request.PageSize, request.PageToken, $"chains {issuer.Name}");
        return new ListIssuerChainsResponse { IssuerChains = { rows.Select(c => AuthorityMapping.ToProto(issuer, c)) }, NextPageToken = next };
    }

    public override async Task<V1.IssuerChain> CreateIssuerChain(CreateIssuerChainRequest request, ServerCallContext context)
    {
        var (authority, issuer) = await FindIssuerAsync(request.Parent, "parent", context.CancellationToken);
        var wanted = chains.Check(authority, issuer, request.IssuerChain.CertificateDer.ToByteArray(), request.IssuerChain.RootDer.ToByteArray());
        if (request.ValidateOnly) return AuthorityMapping.ToProto(issuer, wanted);
        return await onceOnly.RunAsync(context, request, request.RequestId, V1.IssuerChain.Parser, async note => AuthorityMapping.ToProto(issuer, await chains.CreateAsync(
            issuer, wanted, context.Caller().Actor, note is null ? null : (session, made) => note(session, AuthorityMapping.ToProto(issuer, made)), context.CancellationToken)));
    }

    public override async Task<Empty> DeleteIssuerChain(DeleteIssuerChainRequest request, ServerCallContext context)
    {
        var cut = request.Name.LastIndexOf($"/{ResourceName.Chains}/", StringComparison.Ordinal);
        if (cut < 0) throw new RefusalException(RefusalReason.InvalidArgument, $"{Excerpt.Of(request.Name)} is not a name such as authorities/…/issuers/…/chains/…") { Field = "name" };
        var (_, issuer) = await FindIssuerAsync(request.Name[..cut], "name", context.CancellationToken);
        var id = request.Name[(cut + ResourceName.Chains.Length + 2)..];
        await chains.DeleteAsync(issuer, issuer.Chains.FirstOrDefault(c => c.Id == id) ?? throw IssuerChains.Missing(issuer, id), context.Caller().Actor, context.CancellationToken);
        return new Empty();
    }

    private async ValueTask<(AuthorityRecord Authority, IssuerRecord Issuer)> FindIssuerAsync(string name, string field, CancellationToken cancellationToken)
    {
        foreach (var authority in (await book.CurrentAsync(cancellationToken)).Authorities)
            if (authority.Issuers.FirstOrDefault(i => i.Name == name) is { } issuer) return (authority, issuer);
        throw new RefusalException(RefusalReason.NotFound, $"there is no issuer {Excerpt.Of(name)}") { Field = field };
    }

    private async ValueTask<AuthorityRecord> FindAsync(string id, CancellationToken cancellationToken) =>
        (await book.CurrentAsync(cancellationToken)).Find(id)
        ?? throw new RefusalException(RefusalReason.NotFound, $"there is no authority {Excerpt.Of(id)}");
}
