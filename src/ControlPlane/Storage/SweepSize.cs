namespace GrpcCa.ControlPlane.Storage;

/// <summary>How much one write of a sweep takes on: at most so much, and less while that takes longer than it should.</summary>
internal sealed class SweepSize
{
    private readonly int fewest, most;
    private readonly TimeSpan should;

    public SweepSize(int most, TimeSpan should)
    {
        (this.most, this.should, Next) = (most, should, most);
        fewest = Math.Min(most, 10);
    }

    /// <summary>For the next write.</summary>
    public int Next { get; private set; }

    /// <summary>What the last one took, the waiting for others included: when many write, each of ours is smaller.</summary>
    public void Learn(TimeSpan took)
    {
        if (took > should) Next = Math.Max(fewest, Next / 2);
        else if (took < should / 2) Next = Math.Min(most, Next * 2);
    }
}
