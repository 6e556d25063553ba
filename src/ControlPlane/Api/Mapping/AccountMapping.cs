using GrpcCa.Protocol;
using Account = GrpcCa.ControlPlane.Acme.Accounts.Account;
using EabKey = GrpcCa.ControlPlane.Acme.Accounts.EabKey;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Accounts and EAB keys as operators see them.</summary>
internal static class AccountMapping
{
    public static V1.EabKey ToProto(EabKey key) => new()
    {
        Name = key.Name,
        Provisioner = ResourceName.Of(ResourceName.Provisioners, key.ProvisionerId),
        Comment = key.Comment,
        ExpireTime = Wire.Time(key.ExpiresAt),
        MaxUses = key.MaxUses,
        Uses = key.Uses,
        Disabled = key.Disabled,
        Etag = key.Etag,
        CreateTime = Wire.Time(key.CreatedAt),
    };

    public static V1.Account ToProto(Account account) => new()
    {
        Name = account.Name,
        Provisioner = ResourceName.Of(ResourceName.Provisioners, account.ProvisionerId),
        State = (V1.Account.Types.State)(int)account.Status,
        Contacts = { account.Contacts },
        KeyThumbprint = account.Key.Thumbprint,
        PauseMessage = account.PauseMessage ?? "",
        PauseTime = Wire.Time(account.PausedAt),
        CreateTime = Wire.Time(account.CreatedAt),
        EabKey = account.EabKeyId is { } eabKey ? ResourceName.Of(ResourceName.EabKeys, eabKey) : "",
    };
}
