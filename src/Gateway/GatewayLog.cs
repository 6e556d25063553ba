using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway;

/// <summary>What a gateway says about requests; numbers never change meaning.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(1001, LogLevel.Information, "{Method} {Path} {Status} {Milliseconds} ms, client {Client}, request {RequestId}")]
    public static partial void Answered(this ILogger log, string method, string path, int status, Tenths milliseconds, string client, string requestId);

    /// <summary>A number with one decimal place, counted in tenths: what a floating-point number costs in a line is as much as the rest of it.</summary>
    internal readonly record struct Tenths(long Count) : ISpanFormattable
    {
        private const long TicksPerTenth = TimeSpan.TicksPerMillisecond / 10;

        public static Tenths OfMilliseconds(TimeSpan time) => new((time.Ticks + TicksPerTenth / 2) / TicksPerTenth);

        public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
            destination.TryWrite(CultureInfo.InvariantCulture, $"{Count / 10}.{Count % 10}", out charsWritten);

        public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count / 10}.{Count % 10}");
    }

    [LoggerMessage(1002, LogLevel.Error, "Request {RequestId} failed")]
    public static partial void Failed(this ILogger log, string requestId, Exception fault);

    [LoggerMessage(1003, LogLevel.Warning, "Connections of {Address} are closed at once: it has {Most} (limits:connectionsPerAddress)")]
    public static partial void TooManyOfOne(this ILogger log, IPAddress address, int most);
}
