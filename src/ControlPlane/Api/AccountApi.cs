using System.Collections.Immutable;
using System.Globalization;
using Grpc.Core;
using GrpcCa.ControlPlane.Acme.Accounts;
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
internal sealed class AccountApi(IStore store, ExternalAccounts externalAccounts, OnceOnly onceOnly, PageTokens tokens) : AccountService.AccountServiceBase
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
        var page = tokens.Read(request.PageSize, request.PageToken, Query, parts: 2);
        var (time, id) = page.IsFirst ? (DateTimeOffset.UnixEpoch, "") : (Wire.Position(page.After[0]), page.After[1]);
        var read = await store.ReadAsync(session => AccountStore.ListAsync(session, time, id, page.Size + 1), context.CancellationToken);
        var (rows, next) = page.Cut(read,
            a => tokens.Token(Query, a.CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), a.Id));
        return new ListAccountsResponse { Accounts = { rows.Select(AccountMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<V1.EabKey> GetEabKey(GetEabKeyRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.EabKeys, "name");
        return AccountMapping.ToProto(await store.ReadAsync(session => EabKeyStore.FindAsync(session, id), context.CancellationToken)
            ?? throw new RefusalException(RefusalReason.NotFound, $"there is no EAB key {Excerpt.Of(id)}"));
    }

    public override async Task<ListEabKeysResponse> ListEabKeys(ListEabKeysRequest request, ServerCallContext context)
    {
        var page = tokens.Read(request.PageSize, request.PageToken, EabQuery, parts: 1);
        var after = page.IsFirst ? "" : page.After[0];
        var read = await store.ReadAsync(session => EabKeyStore.ListAsync(session, after, page.Size + 1), context.CancellationToken);
        var (rows, next) = page.Cut(read, key => tokens.Token(EabQuery, key.Id));
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

    public override async Task<V1.EabKey> DisableEabKey(DisableEabKeyRequest request, ServerCallContext context) => AccountMapping.ToProto(
        await externalAccounts.DisableAsync(Wire.Id(request.Name, ResourceName.EabKeys, "name"), context.Caller().Actor, context.CancellationToken));
}
