using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Accounts;

/// <summary>An account for people.</summary>
internal static class AccountText
{
    public static Cell State(Account account) => account.State switch
    {
        Account.Types.State.Valid when account.PauseTime is not null => new("paused", Tone.Warning),
        Account.Types.State.Valid => new("valid", Tone.Good),
        Account.Types.State.Deactivated => new("deactivated", Tone.Warning),
        Account.Types.State.Revoked => new("revoked", Tone.Bad),
        _ => new("unknown"),
    };

    public static IEnumerable<Field> Fields(Account account)
    {
        yield return new("Account", Ids.Short(account.Name));
        yield return new("State", State(account));
        if (account.PauseTime is not null)
        {
            yield return new("Paused", Cell.Of(account.PauseTime));
            yield return new("Message", account.PauseMessage);
        }
        yield return new("Provisioner", Ids.Short(account.Provisioner));
        yield return new("EAB key", Ids.Short(account.EabKey));
        yield return new("Contacts", Cell.Of(account.Contacts));
        yield return new("Key thumbprint", account.KeyThumbprint);
        yield return new("Created", Cell.Of(account.CreateTime));
    }
}
