using Grpc.Core;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Fakes;

internal sealed class FakeAccounts(FakeControlPlane fake) : AccountService.AccountServiceBase
{
    public override Task<Account> GetAccount(GetAccountRequest request, ServerCallContext context) =>
        Task.FromResult(fake.Data.Accounts.Find(a => a.Name == request.Name) ?? throw Refuse.NotFound(request.Name));

    public override Task<ListAccountsResponse> ListAccounts(ListAccountsRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.Accounts, request.PageSize, request.PageToken);
        return Task.FromResult(new ListAccountsResponse { Accounts = { rows }, NextPageToken = next });
    }

    public override Task<EabKey> GetEabKey(GetEabKeyRequest request, ServerCallContext context) => Task.FromResult(Find(request.Name));

    public override Task<ListEabKeysResponse> ListEabKeys(ListEabKeysRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.EabKeys, request.PageSize, request.PageToken);
        return Task.FromResult(new ListEabKeysResponse { EabKeys = { rows }, NextPageToken = next });
    }

    public override Task<CreateEabKeyResponse> CreateEabKey(CreateEabKeyRequest request, ServerCallContext context)
    {
        if (!fake.Data.Provisioners.Exists(p => p.Name == request.EabKey.Provisioner)) throw Refuse.NotFound(request.EabKey.Provisioner);
        var id = request.EabKeyId.Length > 0 ? request.EabKeyId : "k7d1f0a2";
        var made = new EabKey(request.EabKey) { Name = "eabKeys/" + id, CreateTime = FakeData.At(0) };
        fake.Data.EabKeys.Add(made);
        return Task.FromResult(new CreateEabKeyResponse { EabKey = made, MacKey = "bWFjLWtleS1tYWMta2V5LW1hYy1rZXktbWFjLWtleS0" });
    }

    public override Task<EabKey> DisableEabKey(DisableEabKeyRequest request, ServerCallContext context)
    {
        var found = Find(request.Name);
        found.Disabled = true;
        return Task.FromResult(found);
    }

    private EabKey Find(string name) => fake.Data.EabKeys.Find(k => k.Name == name) ?? throw Refuse.NotFound(name);
}
