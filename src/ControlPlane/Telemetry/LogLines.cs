using Microsoft.Extensions.Logging.Console;

namespace GrpcCa.ControlPlane.Telemetry;

/// <summary>The log: a line per message on stderr, so that stdout is for what other programs read.</summary>
internal static class LogLines
{
    public static ILoggingBuilder AddLogLines(this ILoggingBuilder logging)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return logging;
    }
}
