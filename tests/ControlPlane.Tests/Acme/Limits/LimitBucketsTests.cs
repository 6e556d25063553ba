using System.Collections.Immutable;
using CsCheck;
using GrpcCa.ControlPlane.Acme.Limits;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Acme.Limits;

public sealed class LimitBucketsTests
{
    private const int Size = 4;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(45);

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly LimitBuckets buckets = new(1000);

    private DateTimeOffset Now => time.GetUtcNow();

    [Fact]
    public void Bucket_GivesItsSizeAtOnce_ThenOneEachInterval()
    {
        for (var i = 0; i < Size; i++) Assert.Empty(Take(Order("a")));

        var shortage = Assert.Single(Take(Order("a")));
        Assert.Equal(Now + Interval, shortage.Until);
        time.SetUtcNow(shortage.Until.AddTicks(-1));
        Assert.Single(Take(Order("a")));
        time.SetUtcNow(shortage.Until);
        Assert.Empty(Take(Order("a")));
        Assert.Single(Take(Order("a")));
    }

    [Fact]
    public void Bucket_LeftAloneForItsWindow_IsFullAndNoFuller()
    {
        for (var i = 0; i < Size; i++) Take(Order("a"));
        time.Advance(TimeSpan.FromDays(30));

        for (var i = 0; i < Size; i++) Assert.Empty(Take(Order("a")));
        Assert.Single(Take(Order("a")));
    }

    [Fact]
    public void Bucket_OfAnother_IsUntouched()
    {
        for (var i = 0; i < Size; i++) Take(Order("a"));

        Assert.Empty(Take(Order("b")));
        Assert.Empty(Take(new BucketClaim(LimitKind.OrdersPerAddress, BucketKey.Of("a"), Size)));
    }

    [Fact]
    public void Take_WithOneBucketEmpty_TakesFromNone()
    {
        for (var i = 0; i < Size; i++) Take(Order("empty"));
        for (var i = 0; i < 50; i++) Assert.Single(Take(Order("full"), Order("empty"), Order("last")));

        for (var i = 0; i < Size; i++) Assert.Empty(Take(Order("full"), Order("last")));
        Assert.Equal(2, Take(Order("full"), Order("last"), Order("other")).Length);
    }

    [Fact]
    public void Return_MakesRoomForOne_AndNeverMoreThanTheSize()
    {
        for (var i = 0; i < Size; i++) Take(Order("a"));
        buckets.Return([Order("a")], Now);
        Assert.Empty(Take(Order("a")));
        Assert.Single(Take(Order("a")));

        for (var i = 0; i < Size * 3; i++) buckets.Return([Order("a")], Now);
        for (var i = 0; i < Size; i++) Assert.Empty(Take(Order("a")));
        Assert.Single(Take(Order("a")));
    }

    [Fact]
    public void Note_OfMoreThanTheSize_LeavesAnEmptyBucketAndNoDebt()
    {
        for (var i = 0; i < 100; i++) buckets.Note(Order("a"), Now - TimeSpan.FromMinutes(1), Now);

        Assert.Equal(Now - TimeSpan.FromMinutes(1) + Interval, Assert.Single(Take(Order("a"))).Until);
    }

    [Fact]
    public void LoweredLimit_OrClockSetBack_WaitsOneIntervalAtMost()
    {
        for (var i = 0; i < Size; i++) Take(Order("a"));
        var lowered = new BucketClaim(LimitKind.OrdersPerAccount, BucketKey.Of("a"), 1);
        Assert.InRange(Assert.Single(Take(lowered)).Until - Now, TimeSpan.Zero, TimeSpan.FromHours(3));

        // A FakeTimeProvider does not run backwards.
        var past = Now.AddYears(-1);
        Assert.Equal(past + Interval, Assert.Single(buckets.Take([Order("a")], past)).Until);
    }

    [Fact]
    public void Takes_InAnyRhythm_AreThoseOfAModelThatCountsTokens() =>
        Gen.Select(Gen.Int[1, 7], Gen.Int[0, 4000].Array[1, 60]).Sample((size, pauses) =>
        {
            var fresh = new LimitBuckets(10);
            var claim = new BucketClaim(LimitKind.Orders, BucketKey.Of("p"), size);
            // The model holds parts of tokens: one is an interval of ticks.
            long level = claim.Span;
            var now = Now;
            foreach (var pause in pauses)
            {
                now += TimeSpan.FromSeconds(pause);
                level = Math.Min(claim.Span, level + TimeSpan.FromSeconds(pause).Ticks);
                var allowed = level >= claim.Interval;
                if (allowed) level -= claim.Interval;
                if (fresh.Take([claim], now).IsEmpty != allowed) return false;
            }
            return true;
        });

    [Fact]
    public async Task Take_FromManyThreads_NeverGivesOneTooManyNorLosesOne()
    {
        const int size = 1000;
        var shared = new BucketClaim(LimitKind.Orders, BucketKey.Of("p"), size);
        var given = new int[8];

        await Task.WhenAll(Enumerable.Range(0, given.Length).Select(thread => Task.Run(() =>
        {
            // A bucket of its own that empties first: what it refuses must not cost the shared one.
            var own = new BucketClaim(LimitKind.OrdersPerAccount, BucketKey.Of($"{thread}"), 100 + (thread * 50));
            for (var i = 0; i < size; i++)
                if (buckets.Take([shared, own], Now).IsEmpty) given[thread]++;
        }, TestContext.Current.CancellationToken)));

        Assert.Equal(size, given.Sum());
        Assert.All(given.Index(), one => Assert.InRange(one.Item, 0, 100 + (one.Index * 50)));
    }

    [Fact]
    public void Buckets_ThatAreFullAgain_AreForgotten()
    {
        for (var i = 0; i < 200; i++) Take(Order($"{i}"));
        Assert.Equal(200, buckets.Count(LimitKind.OrdersPerAccount));
        time.Advance(Interval);

        for (var i = 0; i < 100; i++) Take(Order("a " + i % Size));

        Assert.Equal(Size, buckets.Count(LimitKind.OrdersPerAccount));
    }

    [Fact]
    public void DistinctKeys_WithoutEnd_StayWithinTheBound_AndFreeNoEmptyBucket()
    {
        for (var i = 0; i < Size; i++) Take(Order("abuser"));

        for (var i = 0; i < 300_000; i++) Assert.Empty(Take(Order($"address {i}")));

        Assert.Equal(1000, buckets.Count(LimitKind.OrdersPerAccount));
        Assert.Single(Take(Order("abuser")));
    }

    [Fact]
    public void TakenAndReturned_WithoutEnd_LeavesNoBucket()
    {
        for (var i = 0; i < 100_000; i++)
        {
            Take(Order("a"));
            buckets.Return([Order("a")], Now);
        }
        time.Advance(Interval);
        Take(Order("b"));

        Assert.Equal(1, buckets.Count(LimitKind.OrdersPerAccount));
    }

    private ImmutableArray<Shortage> Take(params ImmutableArray<BucketClaim> claims) => buckets.Take(claims, Now);

    private static BucketClaim Order(string whose) => new(LimitKind.OrdersPerAccount, BucketKey.Of(whose), Size);
}
