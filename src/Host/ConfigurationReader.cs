using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace GrpcCa.Host;

/// <summary>
/// Reads one program's configuration key by key and collects every problem, so that a start with five mistakes
/// reports five mistakes, each with its key path. A key that nobody asked for is a mistake too.
/// </summary>
internal sealed class ConfigurationReader(IConfiguration configuration)
{
    private static readonly string[] VariablesOfTheCli = ["SERVER", "IDENTITY", "CONTEXT"];

    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> problems = [];

    /// <summary>
    /// The usual sources in rising order: a JSON file (comments allowed), <c>GRPCCA_SECTION__KEY</c> variables, flags.
    /// </summary>
    /// <exception cref="ConfigurationException">The file is missing or is no JSON.</exception>
    public static IConfigurationRoot Load(string? file, IEnumerable<KeyValuePair<string, string?>> flags)
    {
        var builder = new ConfigurationBuilder();
        if (file is not null)
        {
            if (!File.Exists(file)) throw new ConfigurationException([$"configuration file '{file}' does not exist"]);
            builder.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
        }
        builder.AddInMemoryCollection(Variables()).AddInMemoryCollection(flags);
        try
        {
            return builder.Build();
        }
        catch (Exception fault) when (fault is FormatException or InvalidDataException)
        {
            throw new ConfigurationException([$"configuration file '{file}' is not valid JSON: {(fault.InnerException ?? fault).Message}"]);
        }
    }

    // Whoever exports the CLI's variables starts programs from the same shell.
    private static IEnumerable<KeyValuePair<string, string?>> Variables() => new ConfigurationBuilder().AddEnvironmentVariables("GRPCCA_").Build().AsEnumerable()
        .Where(variable => variable.Value is not null && !VariablesOfTheCli.Contains(variable.Key, StringComparer.OrdinalIgnoreCase));

    /// <summary>Every key that was asked for so far: what a JSON schema has to list.</summary>
    public IReadOnlyCollection<string> Keys => known;

    public string Text(string key, string otherwise) => Value(key) ?? otherwise;

    public string? OptionalText(string key) => Value(key);

    public string RequiredText(string key)
    {
        var text = Value(key);
        if (string.IsNullOrWhiteSpace(text)) Problem(key, "is required");
        return text ?? "";
    }

    public int Number(string key, int otherwise, int least, int most) => Parsed(key, otherwise, $"a whole number from {least} to {most}",
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) && n >= least && n <= most ? n : null);

    public bool Flag(string key, bool otherwise) => Parsed(key, otherwise, "true or false", text => bool.TryParse(text, out var b) ? b : null);

    /// <summary>A span of time, written <c>90s</c>, <c>5m</c>, <c>24h</c>, <c>10d</c> or <c>10y</c> (365 days a year).</summary>
    public TimeSpan Duration(string key, TimeSpan otherwise, TimeSpan least, TimeSpan most) => Parsed(key, otherwise,
        $"a duration such as 90s, 5m, 24h or 10d, from {least} to {most}",
        text => TryParseDuration(text, out var span) && span >= least && span <= most ? span : null);

    /// <summary>Address and port, such as <c>127.0.0.1:14443</c> or <c>[::1]:14443</c>; port 0 takes a free one.</summary>
    public IPEndPoint? Endpoint(string key, IPEndPoint? otherwise)
    {
        var text = Value(key);
        if (text is null) return otherwise;
        if (IPEndPoint.TryParse(text, out var endpoint) && (text.Contains("]:", StringComparison.Ordinal) || text.Count(':') == 1)) return endpoint;
        Problem(key, $"'{text}' is not an address and port such as 127.0.0.1:14443");
        return otherwise;
    }

    /// <summary>A JSON array of strings; null when the key is absent.</summary>
    public IReadOnlyList<string>? List(string key)
    {
        var section = configuration.GetSection(key);
        known.Add(key);
        var children = section.GetChildren().ToList();
        foreach (var child in children) known.Add(child.Path);
        // Variables and flags write lists with commas.
        if (children.Count == 0) return string.IsNullOrEmpty(section.Value) ? null : section.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return children.Select(c => c.Value ?? "").ToList();
    }

    public T Choice<T>(string key, T otherwise) where T : struct, Enum => Parsed(key, otherwise, "one of " + string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant(),
        text => Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : null);

    /// <summary>Reports a problem of a key that a later check found.</summary>
    public void Problem(string key, string text) => problems.Add($"{key}: {text}");

    /// <summary>Throws with all problems, the unknown keys among them; call it once, after the last read.</summary>
    /// <exception cref="ConfigurationException">There were problems.</exception>
    public void ThrowIfFaulty()
    {
        foreach (var (key, value) in configuration.AsEnumerable())
            if (value is not null && key != "$schema" && !known.Contains(key)) problems.Add(Unknown(key));
        if (problems.Count > 0) throw new ConfigurationException(problems);
    }

    public static bool TryParseDuration(string text, out TimeSpan span)
    {
        span = default;
        if (text.Length < 2 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var n) || n > 1_000_000_000) return false;
        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            'y' => TimeSpan.FromDays(365),
            _ => null,
        };
        if (unit is null || n > TimeSpan.MaxValue.Ticks / unit.Value.Ticks) return false;
        span = unit.Value * n;
        return true;
    }

    private string? Value(string key)
    {
        known.Add(key);
        return configuration[key];
    }

    private T Parsed<T>(string key, T otherwise, string expected, Func<string, T?> parse) where T : struct
    {
        var text = Value(key);
        if (text is null) return otherwise;
        if (parse(text) is { } value) return value;
        Problem(key, $"'{text}' is not {expected}");
        return otherwise;
    }

    private string Unknown(string key)
    {
        var closest = known.MinBy(k => Distance(k, key));
        return closest is not null && Distance(closest, key) <= 3 ? $"{key}: unknown key; did you mean {closest}?" : $"{key}: unknown key";
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitute = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitute, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}

/// <summary>Everything that is wrong with a configuration, a line each.</summary>
internal sealed class ConfigurationException(IReadOnlyList<string> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<string> Problems => problems;
}
