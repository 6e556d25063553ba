using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace GrpcCa.TestKit;

/// <summary>Every log line of a house.</summary>
internal sealed class HouseLog
{
    public ConcurrentQueue<HouseLogLine> Lines { get; } = new();

    /// <summary>The log of one program.</summary>
    public HouseLogOfProgram Of(string program) => new(this, program);
}

/// <summary>One line, before it is formatted for a terminal.</summary>
internal sealed record HouseLogLine(string Program, string Category, LogLevel Level, EventId Id, string Text, Exception? Fault);

/// <summary>What one program writes to; it is both what the host wants and what the gateway wants.</summary>
internal sealed class HouseLogOfProgram(HouseLog log, string program) : ILoggerFactory, ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Logger(log, program, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private sealed class Logger(HouseLog log, string program, string category) : ILogger
    {
        // Frameworks talk of every connection; below a warning they are not listened to.
        private readonly LogLevel least = category.StartsWith("GrpcCa.", StringComparison.Ordinal) ? LogLevel.Information : LogLevel.Warning;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) log.Lines.Enqueue(new HouseLogLine(program, category, logLevel, eventId, formatter(state, exception), exception));
        }
    }
}
