using System.CommandLine;
using System.Globalization;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.EabKeys;

/// <summary>Words for where an EAB key stands.</summary>
internal static class EabKeyText
{
    private const int AnyNumber = -1;

    /// <summary><c>--max-uses</c>, a number or <c>unlimited</c>.</summary>
    public static Option<int> MaxUses(string description) => new("--max-uses")
    {
        Description = description,
        HelpName = "N|unlimited",
        CustomParser = result =>
        {
            var text = result.Tokens is [var token] ? token.Value : "";
            if (text.Equals("unlimited", StringComparison.OrdinalIgnoreCase)) return AnyNumber;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0) return n;
            result.AddError($"--max-uses takes a whole number above 0 or 'unlimited', not '{text}'");
            return 0;
        },
    };

    public static Cell State(EabKey key, DateTimeOffset now)
    {
        if (key.Disabled) return new("disabled", Tone.Bad);
        if (key.ExpireTime is not null && key.ExpireTime.ToDateTimeOffset() <= now) return new("expired", Tone.Warning);
        return key.MaxUses >= 0 && key.Uses >= Most(key) ? new("used up") : new("usable", Tone.Good);
    }

    public static Cell Uses(EabKey key) =>
        string.Create(CultureInfo.InvariantCulture, $"{key.Uses} of ") + (key.MaxUses < 0 ? "any number" : Most(key).ToString(CultureInfo.InvariantCulture));

    public static IEnumerable<Field> Fields(EabKey key, DateTimeOffset now) =>
    [
        new("Key id (kid)", Ids.Short(key.Name)),
        new("State", State(key, now)),
        new("Provisioner", Ids.Short(key.Provisioner)),
        new("Comment", key.Comment),
        new("Accounts bound", Uses(key)),
        new("Expires", key.ExpireTime is null ? "never" : When.FormatWithDistance(key.ExpireTime, now)),
        new("Created", Cell.Of(key.CreateTime)),
    ];

    // 0 means one.
    private static int Most(EabKey key) => Math.Max(1, key.MaxUses);
}
