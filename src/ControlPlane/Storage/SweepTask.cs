namespace GrpcCa.ControlPlane.Storage;

/// <summary>What a room wants swept: rows that expired and that nothing needs any more.</summary>
/// <param name="Name">For the log: <c>orders</c>.</param>
/// <param name="Interval">How often to look.</param>
/// <param name="DeleteAsync">
/// Deletes at most so many rows that had expired at the given time and returns how many; a write, so it may run again.
/// </param>
internal sealed record SweepTask(string Name, TimeSpan Interval, Func<StoreSession, DateTimeOffset, int, ValueTask<int>> DeleteAsync);
