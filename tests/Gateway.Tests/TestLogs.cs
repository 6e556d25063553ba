using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway.Tests;

/// <summary>Keeps every log line of our own, so that tests can read them.</summary>
internal sealed class TestLogs : ILoggerFactory
{
    public ConcurrentQueue<(LogLevel Level, EventId Id, string Text, Exception? Fault)> Lines { get; } = new();

    public int Count(int id) => Lines.Count(l => l.Id.Id == id);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName.StartsWith("GrpcCa.", StringComparison.Ordinal));

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // Lines are read after the gateway has gone.
    }

    private sealed class Logger(TestLogs logs, bool ours) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => ours && logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) logs.Lines.Enqueue((logLevel, eventId, formatter(state, exception), exception));
        }
    }
}
