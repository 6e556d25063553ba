using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
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

    public override Task<EabKey> UpdateEabKey(UpdateEabKeyRequest request, ServerCallContext context)
    {
        var found = Find(request.EabKey.Name);
        foreach (var path in request.UpdateMask.Paths)
        {
            var field = EabKey.Descriptor.FindFieldByName(path);
            if (field.Accessor.GetValue(request.EabKey) is { } value) field.Accessor.SetValue(found, value);
            else field.Accessor.Clear(found);
        }
        return Task.FromResult(found);
    }

    public override Task<Empty> DeleteEabKey(DeleteEabKeyRequest request, ServerCallContext context)
    {
        var found = Find(request.Name);
        if (found.Uses == 1) throw Refuse.With(Code.FailedPrecondition, $"{found.Name} bound accounts that are valid", "FAILED_PRECONDITION");
        fake.Data.EabKeys.Remove(found);
        return Task.FromResult(new Empty());
    }

    public override Task<Account> DeactivateAccount(DeactivateAccountRequest request, ServerCallContext context) => Change(request.Name, a => a.State = Account.Types.State.Revoked);

    public override Task<Account> PauseAccount(PauseAccountRequest request, ServerCallContext context) => Change(request.Name, a => (a.PauseMessage, a.PauseTime) = (request.Message, FakeData.At(0)));

    public override Task<Account> ResumeAccount(ResumeAccountRequest request, ServerCallContext context) => Change(request.Name, a => (a.PauseMessage, a.PauseTime) = ("", null));

    private Task<Account> Change(string name, Action<Account> change)
    {
        var found = fake.Data.Accounts.Find(a => a.Name == name) ?? throw Refuse.NotFound(name);
        if (found.State != Account.Types.State.Valid) throw Refuse.With(Code.FailedPrecondition, $"{name} is {found.State.ToString().ToLowerInvariant()} already", "FAILED_PRECONDITION");
        change(found);
        return Task.FromResult(found);
    }

    private EabKey Find(string name) => fake.Data.EabKeys.Find(k => k.Name == name) ?? throw Refuse.NotFound(name);
}
