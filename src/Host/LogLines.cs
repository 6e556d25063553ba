using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Host;

/// <summary>
/// The log: a line per message on stderr, so that stdout is for what other programs read. Whoever logs only appends to a
/// buffer; a thread writes what has gathered, warnings at once and the rest every <see cref="Gather"/>.
/// </summary>
/// <remarks>
/// Nobody waits for whoever reads the log: past <see cref="MostWaiting"/> characters lines are dropped, and their number is
/// logged. The library's console logger wakes its thread and writes for each line, which was 4 % of the CPU of an
/// issuance (docs/performance.md).
/// </remarks>
internal sealed class LogLines : ILoggerProvider
{
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20), LastWords = TimeSpan.FromSeconds(2);
    private const int MostWaiting = 4 * 1024 * 1024;
    private const int RoundTrip = 28, ToMilliseconds = 23; // of 2026-11-30T22:17:26.1234567Z

    private readonly Stream output;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly AutoResetEvent work = new(false);
    private readonly Thread thread;
    private StringBuilder waiting = new(), spare = new();
    private long dropped;
    private bool stopping;

    public LogLines(Stream output, TimeProvider time)
    {
        (this.output, this.time) = (output, time);
        thread = new Thread(Serve) { IsBackground = true, Name = "log lines" };
        thread.Start();
    }

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    /// <summary>Writes what waits, and takes no more.</summary>
    public void Dispose()
    {
        lock (gate) stopping = true;
        work.Set();
        thread.Join(LastWords);
    }

    private void Append(LogLevel level, string category, int number, string message, Exception? fault)
    {
        Span<char> moment = stackalloc char[RoundTrip];
        bool first, urgent = level >= LogLevel.Warning;
        lock (gate)
        {
            if (stopping) return;
            if (waiting.Length > MostWaiting)
            {
                dropped++;
                return;
            }
            first = waiting.Length == 0;
            waiting.Append(Moment(moment)).Append("Z ").Append(NameOf(level)).Append(": ").Append(category).Append('[').Append(number).Append("] ");
            AppendOnOneLine(waiting, message);
            if (fault is not null) AppendOnOneLine(waiting.Append(' '), fault.ToString());
            waiting.Append('\n');
        }
        // The thread gathers for a while after its first line; only what is urgent cuts that short.
        if (first || urgent) work.Set();
    }

    private void Serve()
    {
        var last = false;
        Span<char> moment = stackalloc char[RoundTrip];
        while (!last)
        {
            work.WaitOne();
            work.WaitOne(Gather);
            StringBuilder lines;
            lock (gate)
            {
                last = stopping;
                if (dropped > 0)
                    waiting.Append(CultureInfo.InvariantCulture, $"{Moment(moment)}Z warn: {nameof(LogLines)}[0] {dropped} lines were dropped: nobody reads the log fast enough\n");
                dropped = 0;
                (lines, waiting, spare) = (waiting, spare, waiting);
            }
            if (lines.Length > 0) Write(lines);
            lines.Clear();
        }
    }

    private void Write(StringBuilder lines)
    {
        try
        {
            output.Write(Encoding.UTF8.GetBytes(lines.ToString()));
            output.Flush();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // Whoever read the log is gone; there is nobody left to tell.
        }
    }

    // To the millisecond. "O" has no format to be read: a fifth of the cost of one, for each line.
    private ReadOnlySpan<char> Moment(Span<char> moment)
    {
        time.GetUtcNow().UtcDateTime.TryFormat(moment, out _, "O", CultureInfo.InvariantCulture);
        return moment[..ToMilliseconds];
    }

    private static void AppendOnOneLine(StringBuilder line, string text)
    {
        var start = line.Length;
        line.Append(text);
        if (text.AsSpan().IndexOfAny('\r', '\n') >= 0) line.Replace(Environment.NewLine, " ", start, text.Length).Replace('\n', ' ', start, line.Length - start).Replace('\r', ' ', start, line.Length - start);
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };

    private sealed class Category(LogLines lines, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Append(logLevel, name, eventId.Id, formatter(state, exception), exception);
    }
}

/// <summary>Adds the log to a program.</summary>
internal static class LogLinesBuilder
{
    public static ILoggingBuilder AddLogLines(this ILoggingBuilder logging)
    {
        logging.Services.AddSingleton<ILoggerProvider>(_ => new LogLines(Console.OpenStandardError(), TimeProvider.System));
        return logging;
    }
}
