using System.Text;
using GrpcCa.Gateway;
using GrpcCa.Host;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace GrpcCa.Gateway.Tests;

public sealed class LogLinesTests
{
    [Fact]
    public void Log_AMessage_IsOneLineWithItsMoment()
    {
        var written = new MemoryStream();
        using (var lines = new LogLines(written, new FakeTimeProvider(new DateTimeOffset(2026, 3, 4, 5, 6, 7, 89, TimeSpan.FromHours(2)))))
        {
            var log = lines.CreateLogger("GrpcCa.Some");
            log.Log(LogLevel.Information, new EventId(7), "one", null, static (s, _) => s);
            log.Log(LogLevel.Warning, new EventId(12), "two\nthree", new InvalidOperationException("four"), static (s, _) => s);
        }
        Assert.Equal(
            "2026-03-04T03:06:07.089Z info: GrpcCa.Some[7] one\n2026-03-04T03:06:07.089Z warn: GrpcCa.Some[12] two three System.InvalidOperationException: four\n",
            Encoding.UTF8.GetString(written.ToArray()));
    }

    [Theory]
    [InlineData(0, "0.0")]
    [InlineData(499, "0.0")]
    [InlineData(999, "0.1")]
    [InlineData(1_000, "0.1")]
    [InlineData(123_456, "12.3")]
    [InlineData(123_500, "12.4")]
    [InlineData(600_000_000, "60000.0")]
    public void AnsweredRequest_HasItsTimeInTenthsOfMilliseconds(long ticks, string text) =>
        Assert.Equal($"GET /acme/acme/directory 200 {text} ms, client 127.0.0.1, request 7",
            new GatewayLog.AnsweredRequest("GET", "/acme/acme/directory", 200, TimeSpan.FromTicks(ticks), "127.0.0.1", "7").ToString());
}
