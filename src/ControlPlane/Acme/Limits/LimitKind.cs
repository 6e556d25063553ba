namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary>What is limited; the names are those of the options.</summary>
internal enum LimitKind
{
    AccountsPerAddress = 1,
    Accounts,
    OrdersPerAccount,
    OrdersPerAddress,
    OrdersPerName,
    Orders,
    PendingAuthorizationsPerAccount,
    FailedValidationsPerAccountAndName,
}

/// <summary>Windows of the limits and their words.</summary>
internal static class LimitKinds
{
    private static readonly TimeSpan ThreeHours = TimeSpan.FromHours(3);
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>The time in which an empty bucket fills up; none for what is counted and not filled.</summary>
    public static TimeSpan Window(this LimitKind limit) => limit switch
    {
        LimitKind.OrdersPerName => Week,
        LimitKind.FailedValidationsPerAccountAndName => Hour,
        LimitKind.PendingAuthorizationsPerAccount => TimeSpan.Zero,
        _ => ThreeHours,
    };

    /// <summary>The limit with its size, as refusals name it.</summary>
    public static string Describe(this LimitKind limit, int size, string name) => limit switch
    {
        LimitKind.AccountsPerAddress => $"{size} new accounts from one address in 3 hours",
        LimitKind.Accounts => $"{size} new accounts of this provisioner in 3 hours",
        LimitKind.OrdersPerAccount => $"{size} new orders of one account in 3 hours",
        LimitKind.OrdersPerAddress => $"{size} new orders from one address in 3 hours",
        LimitKind.OrdersPerName => $"{size} new orders of the account for {name} in 7 days",
        LimitKind.Orders => $"{size} new orders of this provisioner in 3 hours",
        LimitKind.PendingAuthorizationsPerAccount => $"{size} pending authorizations of one account at a time",
        LimitKind.FailedValidationsPerAccountAndName => $"{size} failed validations of {name} by one account in 1 hour",
        _ => throw new ArgumentOutOfRangeException(nameof(limit), limit, "no such limit"),
    };

    /// <summary>ordersPerAccount for OrdersPerAccount.</summary>
    public static string OptionName(this LimitKind limit)
    {
        var pascal = limit.ToString();
        return char.ToLowerInvariant(pascal[0]) + pascal[1..];
    }
}
