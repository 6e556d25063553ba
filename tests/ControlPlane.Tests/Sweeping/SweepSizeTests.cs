using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Sweeping;

/// <summary>Batches that take too long get smaller, and larger again.</summary>
public sealed class SweepSizeTests
{
    [Fact]
    public void Next_FollowsWhatTheLastOneTook()
    {
        var should = TimeSpan.FromMilliseconds(20);
        var size = new SweepSize(200, should);

        Assert.Equal([200, 100, 50, 25, 12, 10, 10], Following(size, should * 2, 7));
        size.Learn(should);
        Assert.Equal([10, 20, 40, 80, 160, 200, 200], Following(size, should / 4, 7));
        Assert.Equal([3, 3], Following(new SweepSize(3, should), should * 2, 2));
    }

    private static List<int> Following(SweepSize size, TimeSpan took, int times)
    {
        var seen = new List<int>();
        for (var i = 0; i < times; i++)
        {
            seen.Add(size.Next);
            size.Learn(took);
        }
        return seen;
    }
}
