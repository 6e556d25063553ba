using System.Globalization;

namespace GrpcCa.AdminCli.Commands;

/// <summary>Writes a list filter (AIP-160): comparisons joined by AND, values quoted so that they stay values.</summary>
internal sealed class Filter
{
    private readonly List<string> comparisons = [];

    public Filter Equal(string field, string? value) => value is null ? this : Add($"{field} = {Quote(value)}");

    /// <summary>Compares with a word of an enum, which is written without quotes.</summary>
    public Filter EqualWord(string field, string? word) => word is null ? this : Add($"{field} = {word}");

    public Filter Before(string field, DateTimeOffset? time) => Compare(field, "<", time);

    public Filter NotBefore(string field, DateTimeOffset? time) => Compare(field, ">=", time);

    private Filter Compare(string field, string by, DateTimeOffset? time) => time is null ? this
        : Add($"{field} {by} \"{time.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}\"");

    public override string ToString() => string.Join(" AND ", comparisons);

    private Filter Add(string comparison)
    {
        comparisons.Add(comparison);
        return this;
    }

    private static string Quote(string value) =>
        "\"" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
