using Google.Protobuf.WellKnownTypes;

namespace GrpcCa.AdminCli.Output;

/// <summary>How a value is meant; becomes a colour on terminals.</summary>
internal enum Tone
{
    /// <summary>As it is.</summary>
    Plain,
    /// <summary>In order.</summary>
    Good,
    /// <summary>Needs a look.</summary>
    Warning,
    /// <summary>Refused, revoked, broken.</summary>
    Bad,
}

/// <summary>One value of a table.</summary>
internal readonly record struct Cell(string Text, Tone Tone = Tone.Plain)
{
    /// <summary>What an absent value looks like.</summary>
    public const string Nothing = "-";

    public static implicit operator Cell(string text) => new(text.Length == 0 ? Nothing : text);

    public static Cell Of(Timestamp? time) => time is null ? Nothing : When.Format(time);

    /// <summary>A duration, or what its absence means.</summary>
    public static Cell Of(Duration? duration, string otherwise) => duration is null ? otherwise : When.Format(duration.ToTimeSpan());

    public static Cell Of(IEnumerable<string> values, string otherwise = Nothing)
    {
        var text = string.Join(", ", values);
        return text.Length == 0 ? otherwise : text;
    }

    /// <summary>A number, or what zero means.</summary>
    public static Cell Of(int number, string zero) => number == 0 ? zero : number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A column of a list.</summary>
/// <param name="Title">Its head.</param>
/// <param name="Value">Takes the value from a row.</param>
/// <param name="Wraps">Whether a narrow terminal may break it.</param>
/// <param name="WideOnly">Whether only <c>--output wide</c> shows it.</param>
internal sealed record Column<T>(string Title, Func<T, Cell> Value, bool Wraps = false, bool WideOnly = false);

/// <summary>A labelled value of one thing.</summary>
internal readonly record struct Field(string Label, Cell Value);
