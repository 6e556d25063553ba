using GrpcCa.Gateway.Enrollment;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.Gateway.Tests.Enrollment;

/// <summary>What a gateway does again and again, it also does when somebody sets its clock.</summary>
public sealed class DutyTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ADuty_WhoseClockIsSetBack_IsDoneAtOnceAndThenAtItsPace()
    {
        var duty = new Counted(time);
        await duty.RunAsync(Stop);
        await duty.RunAsync(Stop);
        Assert.Equal(1, duty.Times);

        time.AdjustTime(time.GetUtcNow().AddHours(-1));
        await duty.RunAsync(Stop);
        await duty.RunAsync(Stop);
        Assert.Equal(2, duty.Times);

        time.Advance(TimeSpan.FromSeconds(10));
        await duty.RunAsync(Stop);
        Assert.Equal(3, duty.Times);
    }

    [Fact]
    public async Task ADuty_ThatFailed_IsTriedAgainWhenTheClockIsSetBack()
    {
        var duty = new Counted(time) { Fault = new IOException("no") };
        await duty.RunAsync(Stop);
        duty.Fault = null;

        time.AdjustTime(time.GetUtcNow().AddHours(-1));
        await duty.RunAsync(Stop);

        Assert.Equal(2, duty.Times);
    }

    [Fact]
    public async Task ADuty_WhoseClockIsSetBackALittle_WaitsForItsTime()
    {
        var duty = new Counted(time);
        await duty.RunAsync(Stop);

        time.AdjustTime(time.GetUtcNow().AddSeconds(-1));
        await duty.RunAsync(Stop);

        Assert.Equal(1, duty.Times);
    }

    private sealed class Counted(TimeProvider time) : Duty("Counting", time, NullLogger.Instance)
    {
        private DateTimeOffset due = time.GetUtcNow();

        public int Times { get; private set; }

        public Exception? Fault { get; set; }

        protected override DateTimeOffset Due => due;

        protected override Task DoAsync(CancellationToken ct)
        {
            Times++;
            due = Time.GetUtcNow().AddSeconds(10);
            return Fault is null ? Task.CompletedTask : Task.FromException(Fault);
        }
    }
}
