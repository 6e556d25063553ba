namespace GrpcCa.TestKit;

/// <summary>A clock that is ahead, and runs as the real one does: what pauses, pauses.</summary>
internal sealed class ShiftedTime(TimeSpan ahead) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
}
