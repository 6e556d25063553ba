using System.Globalization;
using Grpc.Core;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;
using Account = GrpcCa.ControlPlane.Acme.Accounts.Account;

namespace GrpcCa.ControlPlane.Api;

/// <summary>AccountService: ACME accounts, as operators see them.</summary>
internal sealed class AccountApi(IStore store) : AccountService.AccountServiceBase
{
    private const string Query = "accounts";

    public override async Task<V1.Account> GetAccount(GetAccountRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.Accounts, "name");
        return ToProto(await store.ReadAsync(session => AccountStore.FindAsync(session, id), context.CancellationToken)
            ?? throw new RefusalException(RefusalReason.NotFound, $"there is no account {Excerpt.Of(id)}"));
    }

    public override async Task<ListAccountsResponse> ListAccounts(ListAccountsRequest request, ServerCallContext context)
    {
        var page = Page.Read(request.PageSize, request.PageToken, Query, parts: 2);
        var (time, id) = page.IsFirst ? (DateTimeOffset.UnixEpoch, "") : (Wire.Position(page.After[0]), page.After[1]);
        var read = await store.ReadAsync(session => AccountStore.ListAsync(session, time, id, page.Size + 1), context.CancellationToken);
        var (rows, next) = Pages.Cut(read, page,
            a => Page.Token(Query, a.CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), a.Id));
        return new ListAccountsResponse { Accounts = { rows.Select(ToProto) }, NextPageToken = next };
    }

    private static V1.Account ToProto(Account account) => new()
    {
        Name = account.Name,
        Provisioner = ResourceName.Of(ResourceName.Provisioners, account.ProvisionerId),
        State = (V1.Account.Types.State)(int)account.Status,
        Contacts = { account.Contacts },
        KeyThumbprint = account.Key.Thumbprint,
        CreateTime = Wire.Time(account.CreatedAt),
    };
}
