using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Accounts;

/// <summary><c>grpcca account list</c></summary>
internal sealed class List() : ListVerb<Account>("All ACME accounts.")
{
    public override IReadOnlyList<string> Examples => ["grpcca account list", "grpcca account list --limit 1000 -o json"];

    protected override string Member => "accounts";

    protected override IReadOnlyList<Column<Account>> Columns(CommandContext context) =>
    [
        new("Account", a => Ids.Short(a.Name)),
        new("State", a => State(a)),
        new("Provisioner", a => Ids.Short(a.Provisioner)),
        new("Contacts", a => Cell.Of(a.Contacts), Wraps: true),
        new("EAB key", a => Ids.Short(a.EabKey), WideOnly: true),
        new("Key thumbprint", a => a.KeyThumbprint, WideOnly: true),
        new("Created", a => Cell.Of(a.CreateTime)),
    ];

    public static Cell State(Account account) => account.State switch
    {
        Account.Types.State.Valid => new("valid", Tone.Good),
        Account.Types.State.Deactivated => new("deactivated", Tone.Warning),
        Account.Types.State.Revoked => new("revoked", Tone.Bad),
        _ => new("unknown"),
    };

    protected override Func<int, string, Task<Page<Account>>> Fetch(CommandContext context)
    {
        var client = new AccountService.AccountServiceClient(context.Server);
        return async (size, token) =>
        {
            var page = await client.ListAccountsAsync(new() { PageSize = size, PageToken = token }, context.Call);
            return new(page.Accounts, page.NextPageToken);
        };
    }
}
