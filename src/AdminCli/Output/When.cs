using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.Host;

namespace GrpcCa.AdminCli.Output;

/// <summary>Points and spans of time as people write and read them; always UTC.</summary>
internal static class When
{
    public const string Forms = "a date (2026-12-31), a time (2026-12-31T12:00:00Z) or a span from now (30d, 12h)";

    public static string Format(Timestamp time) => time.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The largest unit that leaves no remainder: <c>24h</c>, <c>90d</c>, <c>90s</c>.</summary>
    public static string Format(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        if (span.Milliseconds != 0 && span < TimeSpan.FromSeconds(10)) return span.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + "s";
        return seconds switch
        {
            >= 172_800 when seconds % 86_400 == 0 => $"{seconds / 86_400}d",
            >= 3_600 when seconds % 3_600 == 0 => $"{seconds / 3_600}h",
            >= 60 when seconds % 60 == 0 => $"{seconds / 60}m",
            _ => $"{seconds}s",
        };
    }

    /// <summary>A point in time with its distance from now: <c>2026-12-31 12:00:00Z (in 3d)</c>.</summary>
    public static string FormatWithDistance(Timestamp? time, DateTimeOffset now)
    {
        if (time is null) return Cell.Nothing;
        var distance = time.ToDateTimeOffset() - now;
        var rough = Rough(distance.Duration());
        return $"{Format(time)} ({(distance < TimeSpan.Zero ? $"{rough} ago" : $"in {rough}")})";
    }

    /// <summary>Reads one of <see cref="Forms"/>; a date is its first second in UTC.</summary>
    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        if (ConfigurationReader.TryParseDuration(text, out var span) && span < TimeSpan.FromDays(365_000))
        {
            time = now + span;
            return true;
        }
        return TryParseMoment(text, out time);
    }

    /// <summary>Reads a date or a time, which mean the same whenever they are read.</summary>
    public static bool TryParseMoment(string text, out DateTimeOffset time)
    {
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"],
            CultureInfo.InvariantCulture, utc, out time);
    }

    private static string Rough(TimeSpan span) => span switch
    {
        { TotalDays: >= 730 } => $"{Math.Round(span.TotalDays / 365)}y",
        { TotalHours: >= 47.5 } => $"{Math.Round(span.TotalDays)}d",
        { TotalMinutes: >= 59.5 } => $"{Math.Round(span.TotalHours)}h",
        { TotalSeconds: >= 59.5 } => $"{Math.Round(span.TotalMinutes)}m",
        _ => $"{Math.Round(span.TotalSeconds)}s",
    };
}
