using Google.Protobuf.WellKnownTypes;
using GrpcCa.AdminCli.Output;
using GrpcCa.AdminCli.Tests.Fakes;

namespace GrpcCa.AdminCli.Tests.Output;

public sealed class WhenTests
{
    [Theory]
    [InlineData("2026-12-31", "2026-12-31T00:00:00Z")]
    [InlineData("2026-12-31T23:59:59Z", "2026-12-31T23:59:59Z")]
    [InlineData("2026-12-31T12:00:00+02:00", "2026-12-31T10:00:00Z")]
    [InlineData("30d", "2026-12-23T12:00:00Z")]
    [InlineData("90s", "2026-11-23T12:01:30Z")]
    public void Text_OfAForm_IsThatTime(string text, string expected)
    {
        Assert.True(When.TryParse(text, FakeData.Now, out var time));
        Assert.Equal(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tomorrow")]
    [InlineData("31.12.2026")]
    [InlineData("2026-13-01")]
    [InlineData("-5d")]
    [InlineData("999999999y")]
    public void Text_OfNoForm_IsRefused(string text) => Assert.False(When.TryParse(text, FakeData.Now, out _));

    [Theory]
    [InlineData(3599, "in 1h")]
    [InlineData(45, "in 45s")]
    [InlineData(-7200, "2h ago")]
    [InlineData(86400 * 6.9, "in 7d")]
    [InlineData(86400 * 3649.0, "in 10y")]
    public void Distance_OfATime_IsRounded(double seconds, string expected) =>
        Assert.EndsWith($"({expected})", When.FormatWithDistance(Timestamp.FromDateTimeOffset(FakeData.Now.AddSeconds(seconds)), FakeData.Now), StringComparison.Ordinal);
}
