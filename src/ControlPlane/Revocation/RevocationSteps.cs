namespace GrpcCa.ControlPlane.Revocation;

/// <summary>The steps of a revocation, of one certificate or many (<see cref="Storage.FailPoints"/>).</summary>
internal static class RevocationSteps
{
    /// <summary>The rows are written, and not committed.</summary>
    public const string Written = "revocation.written";

    /// <summary>One certificate's revocation is committed.</summary>
    public const string Recorded = "revocation.recorded";

    /// <summary>Some of a batch are committed.</summary>
    public const string PageRecorded = "revocation.pageRecorded";

    /// <summary>A batch and its own event are committed.</summary>
    public const string BatchRecorded = "revocation.batchRecorded";

    public static IReadOnlyList<string> All { get; } = [Written, Recorded, PageRecorded, BatchRecorded];
}
