using System.Collections.Immutable;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Api.Filters;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>AccountService: ACME accounts, as operators see them.</summary>
internal sealed class AccountApi(IStore store, AccountOperations operations, ExternalAccounts externalAccounts, OnceOnly onceOnly, PageTokens tokens) : AccountService.AccountServiceBase
{
    private const string Query = "accounts";
    private const string EabQuery = "eabKeys";

    public override async Task<V1.Account> GetAccount(GetAccountRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.Accounts, "name");
        return AccountMapping.ToProto(await store.ReadAsync(session => AccountStore.FindAsync(session, id), context.CancellationToken)
            ?? throw new RefusalException(RefusalReason.NotFound, $"there is no account {Excerpt.Of(id)}"));
    }

    public override async Task<ListAccountsResponse> ListAccounts(ListAccountsRequest request, ServerCallContext context)
    {
        var query = $"{Query} {request.Filter}";
        var page = tokens.Read(request.PageSize, request.PageToken, query, parts: 2);
        var conditions = AccountFilter.Read(request.Filter);
        AccountPosition? after = page.IsFirst ? null : new(Wire.Position(page.After[0]), page.After[1]);
        var read = await store.ReadAsync(session => AccountListStore.ListAsync(session, conditions, after, page.Size + 1), context.CancellationToken);
        string Token(AccountPosition place) => tokens.Token(query, place.Time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), place.Id);
        var (rows, next) = page.Cut(read.Rows, a => Token(new(a.CreatedAt, a.Id)));
        if (next.Length == 0 && read.ReadTo is { } place) next = Token(place);
        return new ListAccountsResponse { Accounts = { rows.Select(AccountMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<V1.Account> DeactivateAccount(DeactivateAccountRequest request, ServerCallContext context) => AccountMapping.ToProto(
        await operations.DeactivateAsync(Wire.Id(request.Name, ResourceName.Accounts, "name"), context.Caller().Actor, context.CancellationToken));

    public override async Task<V1.Account> PauseAccount(PauseAccountRequest request, ServerCallContext context) => AccountMapping.ToProto(
        await operations.PauseAsync(Wire.Id(request.Name, ResourceName.Accounts, "name"), request.Message, context.Caller().Actor, context.CancellationToken));

    public override async Task<V1.Account> ResumeAccount(ResumeAccountRequest request, ServerCallContext context) => AccountMapping.ToProto(
        await operations.ResumeAsync(Wire.Id(request.Name, ResourceName.Accounts, "name"), context.Caller().Actor, context.CancellationToken));

    public override async Task<V1.EabKey> GetEabKey(GetEabKeyRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.EabKeys, "name");
        return AccountMapping.ToProto(await store.ReadAsync(session => EabKeyStore.FindAsync(session, id), context.CancellationToken)
            ?? throw new RefusalException(RefusalReason.NotFound, $"there is no EAB key {Excerpt.Of(id)}"));
    }

    public override async Task<ListEabKeysResponse> ListEabKeys(ListEabKeysRequest request, ServerCallContext context)
    {
        var query = $"{EabQuery} {request.Filter}";
        var page = tokens.Read(request.PageSize, request.PageToken, query, parts: 1);
        var (provisioner, disabled) = AccountFilter.ReadEab(request.Filter);
        var after = page.IsFirst ? "" : page.After[0];
        var read = await store.ReadAsync(session => EabKeyStore.ListAsync(session, after, page.Size + 1, provisioner, disabled), context.CancellationToken);
        var (rows, next) = page.Cut(read, key => tokens.Token(query, key.Id));
        return new ListEabKeysResponse { EabKeys = { rows.Select(AccountMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<CreateEabKeyResponse> CreateEabKey(CreateEabKeyRequest request, ServerCallContext context)
    {
        if (request.EabKeyId.Length > 0) ChosenId.Check(request.EabKeyId, "eab_key_id");
        var wanted = request.EabKey;
        var allow = request.Allow.Select(NameRulePattern.Parse).ToImmutableArray();
        return await onceOnly.RunAsync(context, request, request.RequestId, CreateEabKeyResponse.Parser, async note =>
        {
            var (key, macKey) = await externalAccounts.CreateAsync(
                request.EabKeyId.Length > 0 ? request.EabKeyId : Ids.New(),
                Wire.Id(wanted.Provisioner, ResourceName.Provisioners, "eab_key.provisioner"),
                wanted.Comment, Wire.Moment(wanted.ExpireTime, "eab_key.expire_time"), wanted.MaxUses, allow, context.Caller().Actor,
                // What is kept for a repeated request has no secret in it: that is shown once.
                note is null ? null : (session, made) => note(session, new CreateEabKeyResponse { EabKey = AccountMapping.ToProto(made) }), context.CancellationToken);
            return new CreateEabKeyResponse { EabKey = AccountMapping.ToProto(key), MacKey = macKey };
        });
    }

    public override async Task<V1.EabKey> UpdateEabKey(UpdateEabKeyRequest request, ServerCallContext context)
    {
        var wanted = request.EabKey;
        var changes = new FieldChanges(request.UpdateMask?.Paths ?? []);
        var end = Wire.Moment(wanted.ExpireTime, "eab_key.expire_time");
        return AccountMapping.ToProto(await externalAccounts.UpdateAsync(Wire.Id(wanted.Name, ResourceName.EabKeys, "eab_key.name"), wanted.Etag, old => old with
        {
            Comment = changes.Of("comment", wanted.Comment.Length > 0) ? wanted.Comment : old.Comment,
            ExpiresAt = changes.Of("expire_time", end is not null) ? end : old.ExpiresAt,
            MaxUses = changes.Of("max_uses", wanted.MaxUses != 0) ? wanted.MaxUses : old.MaxUses,
        }, context.Caller().Actor, context.CancellationToken));
    }

    public override async Task<Empty> DeleteEabKey(DeleteEabKeyRequest request, ServerCallContext context)
    {
        await externalAccounts.DeleteAsync(Wire.Id(request.Name, ResourceName.EabKeys, "name"), context.Caller().Actor, context.CancellationToken);
        return new Empty();
    }

    public override async Task<V1.EabKey> DisableEabKey(DisableEabKeyRequest request, ServerCallContext context) => AccountMapping.ToProto(
        await externalAccounts.DisableAsync(Wire.Id(request.Name, ResourceName.EabKeys, "name"), context.Caller().Actor, context.CancellationToken));
}
