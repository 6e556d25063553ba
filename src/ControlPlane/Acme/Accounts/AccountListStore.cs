using System.Collections.Immutable;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Accounts;

/// <summary>What a list of accounts can be asked about.</summary>
internal enum AccountField
{
    Provisioner,
    Status,
    IsPaused,
    EabKey,
    Contact,
    Thumbprint,
}

/// <summary>One condition of a list; nothing counts as the value of <see cref="AccountField.IsPaused"/>.</summary>
internal sealed record AccountCondition(AccountField Field, string Value);

/// <summary>The place of an account in the list.</summary>
internal readonly record struct AccountPosition(DateTimeOffset Time, string Id);

/// <summary>What was found, and where reading stopped before the end; null when everything was looked at.</summary>
internal sealed record AccountPage(List<Account> Rows, AccountPosition? ReadTo);

/// <summary>
/// Lists of accounts, oldest first. What an EAB key bound, and the account of a key, are found by their index; everything
/// else is looked for along the order, a bounded way at a time.
/// </summary>
internal static class AccountListStore
{
    /// <summary>So many are looked at in one call.</summary>
    internal const int MostRead = 20_000;

    public static async ValueTask<AccountPage> ListAsync(StoreSession session, ImmutableArray<AccountCondition> conditions, AccountPosition? after, int limit)
    {
        // An expression is no column: an index that was not meant is not drawn in.
        var indexed = conditions.Any(c => c.Field == AccountField.EabKey) || (conditions.Any(c => c.Field == AccountField.Thumbprint) && conditions.Any(c => c.Field == AccountField.Provisioner));
        var time = indexed ? "+created_at" : "created_at";
        var behind = after is null ? "" : $" and ({time}, id) > (@after_time, @after_id)";
        var readTo = indexed || conditions.IsEmpty ? null : await ReadToAsync(session, behind, after);
        var end = readTo is null ? "" : " and (created_at, id) <= (@to_time, @to_id)";
        var statement = After(session.Sql($"""
            select {AccountStore.Columns} from accounts
            where 1 = 1{string.Concat(conditions.Select((c, i) => " and " + Condition(c.Field, i, indexed)))}{behind}{end}
            order by {time}, id limit @limit
            """), after);
        for (var i = 0; i < conditions.Length; i++)
            if (conditions[i].Field != AccountField.IsPaused) statement = statement.With($"@p{i}", conditions[i].Value);
        if (readTo is { } place) statement = statement.With("@to_time", place.Time).With("@to_id", place.Id);
        return new(await statement.With("@limit", limit).ListAsync(AccountStore.Read), readTo);
    }

    private static async ValueTask<AccountPosition?> ReadToAsync(StoreSession session, string behind, AccountPosition? after)
    {
        var found = await After(session.Sql($"select created_at, id from accounts where 1 = 1{behind} order by created_at, id limit 1 offset {MostRead - 1}"), after)
            .ListAsync(row => new AccountPosition(row.Time(0), row.GetString(1)));
        return found.Count == 0 ? null : found[0];
    }

    private static StoreStatement After(StoreStatement statement, AccountPosition? after) =>
        after is { } place ? statement.With("@after_time", place.Time).With("@after_id", place.Id) : statement;

    private static string Condition(AccountField field, int number, bool indexed) => field switch
    {
        AccountField.Provisioner => indexed ? $"provisioner_id = @p{number}" : $"coalesce(provisioner_id, provisioner_id) = @p{number}",
        AccountField.Status => $"status = @p{number}",
        AccountField.IsPaused => "pause_message is not null",
        AccountField.EabKey => $"eab_key_id = @p{number}",
        AccountField.Contact => $"replace(' ' || contacts || ' ', ' ' || @p{number} || ' ', '') <> ' ' || contacts || ' '",
        _ => $"key_thumbprint = @p{number}",
    };
}
