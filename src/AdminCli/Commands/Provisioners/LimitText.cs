using System.Globalization;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary>Limits as people write them: <c>orders-per-name=50</c>.</summary>
internal static class LimitText
{
    private static readonly (string Word, Func<AcmeLimits, int> Read, Action<AcmeLimits, int> Write)[] Limits =
    [
        ("accounts-per-address", l => l.AccountsPerAddress, (l, n) => l.AccountsPerAddress = n),
        ("accounts", l => l.Accounts, (l, n) => l.Accounts = n),
        ("orders-per-account", l => l.OrdersPerAccount, (l, n) => l.OrdersPerAccount = n),
        ("orders-per-address", l => l.OrdersPerAddress, (l, n) => l.OrdersPerAddress = n),
        ("orders-per-name", l => l.OrdersPerName, (l, n) => l.OrdersPerName = n),
        ("orders", l => l.Orders, (l, n) => l.Orders = n),
        ("pending-authorizations-per-account", l => l.PendingAuthorizationsPerAccount, (l, n) => l.PendingAuthorizationsPerAccount = n),
        ("failed-validations-per-account-and-name", l => l.FailedValidationsPerAccountAndName, (l, n) => l.FailedValidationsPerAccountAndName = n),
    ];

    public static IEnumerable<string> Words => Limits.Select(l => l.Word);

    /// <summary>Those that are set, in the words that set them.</summary>
    public static Cell Of(AcmeLimits? limits) => Cell.Of(limits is null ? []
        : Limits.Where(l => l.Read(limits) != 0).Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Word}={l.Read(limits)}")), "the server's");

    public static void Apply(AcmeLimits limits, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var word = equals < 0 ? text : text[..equals];
        var write = Limits.FirstOrDefault(l => l.Word.Equals(word, StringComparison.OrdinalIgnoreCase)).Write
            ?? throw CliFailure.Usage($"--limit knows no '{word}'", Suggestions.Closest(word, Words) is { } close ? $"did you mean '{close}'?" : "one of " + string.Join(", ", Words));
        if (equals < 0 || !int.TryParse(text.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw CliFailure.Usage($"--limit takes NAME=N such as {word}=50, not '{text}'");
        write(limits, number);
    }
}
