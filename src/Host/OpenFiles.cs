using System.Globalization;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Host;

/// <summary>How many connections fit into the files that this process may have open.</summary>
/// <remarks>
/// A listener that gets no descriptor for the next connection tries again at once, without end: it takes a whole processor, and who waits hears
/// nothing. A connection too many that could be accepted is closed, so that its client knows.
/// </remarks>
internal static partial class OpenFiles
{
    private const string Limits = "/proc/self/limits", Open = "/proc/self/fd", Line = "Max open files";
    private const int Fewest = 8;

    /// <summary>The wanted connections, or as many as there are descriptors for, which is logged.</summary>
    /// <param name="wanted">What the option says.</param>
    /// <param name="others">Descriptors that the program needs beside those that it has open now, for whatever else it does.</param>
    /// <param name="log">Where it is told.</param>
    public static int Connections(int wanted, int others, ILogger log)
    {
        // "unlimited" is no number.
        var line = File.Exists(Limits) ? File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal)) : null;
        var soft = line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        if (!int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)) return wanted;
        var fitting = Math.Max(Fewest, limit - Directory.EnumerateFiles(Open).Count() - others);
        if (fitting >= wanted) return wanted;
        Fewer(log, fitting, wanted, limit);
        return fitting;
    }

    [LoggerMessage(3001, LogLevel.Warning, "Only {Fitting} connections are taken at a time instead of {Wanted}: the process may open {Limit} files (ulimit -n)")]
    private static partial void Fewer(ILogger log, int fitting, int wanted, int limit);
}
